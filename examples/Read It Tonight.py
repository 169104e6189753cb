workflow(input_types=['WFArticleContentItem', 'WFSafariWebPageContentItem', 'WFURLContentItem'], no_input={'Name': 'WFWorkflowNoInputBehaviorGetClipboard', 'Parameters': {}}, types=['ActionExtension'])
'Puts a shared article on the Todoist list, with the minutes it takes to read; long ones wait for the weekend.'
Article = is_workflow_actions_getarticle(WFWebPage=shortcut_input())
Words = is_workflow_actions_count(Input=Article, WFCountType='Words')
Minutes = is_workflow_actions_math(WFInput=Words, WFMathOperand=220, WFMathOperation='÷')
Whole_Minutes = is_workflow_actions_round(WFInput=Minutes, WFRoundMode='Always Round Up')
if Whole_Minutes < 15:
    com_todoist_ios_CreateTaskIntent(content=f'📖 {Article.Title} ({Whole_Minutes} min)', contentDescription=as_url(shortcut_input()), dueDate='today at 20:00', priority='priority3')
else:
    com_todoist_ios_CreateTaskIntent(content=f'📚 {Article.Title} ({Whole_Minutes} min)', contentDescription=as_url(shortcut_input()), dueDate='next Saturday', priority='priority4')
is_workflow_actions_notification(WFNotificationActionBody=f'{Whole_Minutes} minutes of reading kept', WFNotificationActionSound=False)
