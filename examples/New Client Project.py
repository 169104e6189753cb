'Sets up what a new client needs: a project in OmniFocus, a first call, a folder and a timer.'
Client = is_workflow_actions_ask(WFAskActionPrompt='What is the client called?')
Start = is_workflow_actions_ask(WFAskActionPrompt='When does the work begin?', WFInputType='Date')
Brief = is_workflow_actions_ask(WFAllowsMultilineText=True, WFAskActionPrompt='What is it about, in a sentence?')
if Client == None or Brief == None:
    is_workflow_actions_alert(WFAlertActionCancelButtonShown=False, WFAlertActionMessage='A project needs a name and a sentence.', WFAlertActionTitle='Not yet')
    is_workflow_actions_exit()
First_Call = is_workflow_actions_adjustdate(WFAdjustOffsetPicker=time_offset('Add', 2, 'Day'), WFDate=Start)
First_Draft = is_workflow_actions_adjustdate(WFAdjustOffsetPicker=time_offset('Add', 3, 'Week'), WFDate=Start)
Outline = is_workflow_actions_gettext(WFTextActionText=f"{Client}: @parallel(false) @defer({Start.formatted('yyyy-MM-dd')})\n\t- Write the offer @due({First_Call.formatted('yyyy-MM-dd')}) @flagged\n\t- Prepare the first call\n\t- Send the first draft @due({First_Draft.formatted('yyyy-MM-dd')})\n\t- Send the invoice\n\t{Brief}")
com_omnigroup_OmniFocus3_iOS_AddTaskPaperIntent(targetType='projects', taskPaperInput=Outline)
match menu(f'How does the first call with {Client} take place?'):
    case 'By phone 📞':
        Way = is_workflow_actions_gettext(WFTextActionText='by phone')
        How = Way
    case 'On video 🎥':
        Link = is_workflow_actions_url(WFURLActionURL=f'https://meet.example.com/{Client}')
        How = Link
    case 'Over coffee ☕️':
        Cafe = is_workflow_actions_ask(WFAskActionPrompt='In which café?')
        How = Cafe
com_flexibits_fantastical2_iphone_FKRCreateFromInputIntent(input=f"First call with {Client} on {First_Call.formatted('d MMMM yyyy')} at 10:00", notes=f'{How}\n{Brief}')
is_workflow_actions_file_createfolder(WFFilePath=f'Clients/{Client}/Invoices')
Note = is_workflow_actions_gettext(WFTextActionText=f"# {Client}\n\n{Brief}\n\nSince {Start.formatted(style='Long', time='None')}")
Named_Note = is_workflow_actions_setitemname(WFDontIncludeFileExtension=True, WFInput=Note, WFName=f'{Client}.md')
is_workflow_actions_documentpicker_save(WFAskWhereToSave=False, WFFileDestinationPath=f'Clients/{Client}/', WFInput=Named_Note, WFSaveFileOverwrite=False)
if is_today(Start):
    com_joehribar_toggl_StartTimeEntryIntent(billable=True, project=Client, startTimeMode='specifiedTime', timeEntryDescription='Getting started')
is_workflow_actions_notification(WFNotificationActionBody=f'🗂️ {Client} is set up, with a first call {How}.')
