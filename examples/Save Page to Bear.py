workflow(input_types=['WFURLContentItem', 'WFSafariWebPageContentItem'], no_input={'Name': 'WFWorkflowNoInputBehaviorShowError', 'Parameters': {'Error': 'Share a web page to this shortcut.'}}, types=['ActionExtension'])
Article = is_workflow_actions_getarticle(WFWebPage=shortcut_input())
net_shinyfrog_bear_iOS_SFCreateNoteIntent(tags='reading', text=f'{Article.Author}\n{as_url(shortcut_input())}\n\n{as_text(Article)}', title=Article.Title)
is_workflow_actions_vibrate(WFVibrateHapticType='Success')
