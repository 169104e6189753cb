"""A program with a block of each kind, which several tests read."""

GOLD = """
answer = is_workflow_actions_ask(WFAskActionPrompt='Which city?')
page = is_workflow_actions_downloadurl(WFURL=f'https://example.org/{answer}', ShowHeaders=True)
Titles = []
for index, item in enumerate(page, start=1):
    Titles += [is_workflow_actions_getvalueforkey(WFInput=item, WFDictionaryKey='title')]
if page:
    is_workflow_actions_showresult(Text=f'{Titles}')
else:
    is_workflow_actions_notification(WFNotificationActionBody='Nothing')
match menu('What next?'):
    case 'Copy':
        is_workflow_actions_setclipboard(WFInput=Titles)
    case 'Nothing':
        is_workflow_actions_exit()
"""
