workflow(input_types=['WFStringContentItem', 'WFRichTextContentItem', 'WFURLContentItem'], no_input={'Name': 'WFWorkflowNoInputBehaviorGetClipboard', 'Parameters': {}}, types=['ActionExtension', 'QuickActions'])
'Keeps shared text, or the clipboard if nothing is shared, as a draft in the inbox.'
Markdown = is_workflow_actions_getmarkdownfromrichtext(WFInput=shortcut_input())
com_agiletortoise_Drafts5_CaptureIntent(content=f"{Markdown}\n\nKept on {current_date().formatted(style='Long', time='None')}", folder='inbox', isFlagged='unflagged', tags=['captured'])
is_workflow_actions_notification(WFNotificationActionBody='Kept in Drafts 📥')
