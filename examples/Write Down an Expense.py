workflow(types=['Watch', 'NCWidget'])
'Appends one line to Expenses.csv: date, amount, category, note.'
Amount = is_workflow_actions_ask(WFAskActionAllowsNegativeNumbers=False, WFAskActionPrompt='How much was it?', WFInputType='Number')
if Amount == None:
    is_workflow_actions_exit()
Categories = is_workflow_actions_dictionary(WFItems={'🥦 Food': 'food', '🚌 Travel': 'travel', '🏠 Home': 'home', '🎭 Fun': 'fun'})
Choice = is_workflow_actions_choosefromlist(WFChooseFromListActionPrompt='What for?', WFInput=Categories)
Note = is_workflow_actions_ask(WFAllowsMultilineText=False, WFAskActionPrompt='Any note? Leave it empty if not.')
No_Commas = is_workflow_actions_text_replace(WFInput=Note, WFReplaceTextFind=',', WFReplaceTextReplace=';')
Line = is_workflow_actions_gettext(WFTextActionText=f"{current_date().formatted(style='ISO 8601')},{Amount},{Choice},{No_Commas}")
is_workflow_actions_file_append(WFFilePath='Money/Expenses.csv', WFInput=Line)
if Amount > 100:
    is_workflow_actions_notification(WFNotificationActionBody=f'{Amount} is a big one. It stands in the file now.', WFNotificationActionTitle='💸')
