'Writes a message to each contact whose birthday is today. Let an automation run it in the morning.'
Contacts = is_workflow_actions_filter_contacts(WFContentItemFilter=filter_all(rule('Birthday', 'is today', Unit=16)), WFContentItemSortOrder='A to Z', WFContentItemSortProperty='First Name')
Greetings = is_workflow_actions_list(WFItems=['Happy birthday', 'All the best for your new year', 'Many happy returns'])
Sent = []
for Repeat_Item in Contacts:
    Greeting = is_workflow_actions_getitemfromlist(WFInput=Greetings, WFItemSpecifier='Random Item')
    if Repeat_Item.property('Phone Number', 3):
        is_workflow_actions_sendmessage(ShowWhenRun=True, WFSendMessageActionRecipients=Repeat_Item.property('Phone Number', 3), WFSendMessageContent=f"🎂 {Greeting}, {Repeat_Item.property('First Name', 0)}! 🎉")
        Sent += [Repeat_Item.Name]
    else:
        is_workflow_actions_addnewreminder(WFAlertCondition='At Time', WFAlertCustomTime='18:00', WFAlertEnabled='Alert', WFCalendarItemTitle=f'Call {Repeat_Item.Name}, whose birthday it is')
if Sent:
    is_workflow_actions_notification(WFNotificationActionBody=f'Greeted today: {Sent}', WFNotificationActionTitle='🎂')
