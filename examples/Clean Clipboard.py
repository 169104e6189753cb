workflow(types=['NCWidget', 'MenuBar'])
'Turns what is on the clipboard into plain text: no formatting, no double spaces, no empty lines.'
Plain_Text = is_workflow_actions_detect_text(WFInput=clipboard())
Single_Spaced = is_workflow_actions_text_replace(WFInput=Plain_Text, WFReplaceTextFind='[ \\t]+', WFReplaceTextRegularExpression=True, WFReplaceTextReplace=' ')
Tidy_Text = is_workflow_actions_text_replace(WFInput=Single_Spaced, WFReplaceTextFind='\\n\\s*\\n+', WFReplaceTextRegularExpression=True, WFReplaceTextReplace='\n')
is_workflow_actions_setclipboard(WFInput=Tidy_Text)
is_workflow_actions_notification(WFNotificationActionBody='The clipboard is plain text now ✨', WFNotificationActionSound=False, WFNotificationActionTitle='Clean Clipboard')
