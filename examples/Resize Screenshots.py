workflow(types=['QuickActions', 'NCWidget'])
"Makes small copies of this week's screenshots, and offers to delete the originals."
Screenshots = is_workflow_actions_filter_photos(WFContentItemFilter=filter_all(rule('Is a Screenshot', '==', Bool=True, Unit=4), rule('Date Taken', 'in the last', Number='7', Unit=16)), WFContentItemLimitEnabled=True, WFContentItemLimitNumber=30, WFContentItemSortOrder='Latest First', WFContentItemSortProperty='Creation Date')
if not Screenshots:
    is_workflow_actions_alert(WFAlertActionCancelButtonShown=False, WFAlertActionMessage='No screenshots in the last seven days.', WFAlertActionTitle='Nothing to do')
    is_workflow_actions_exit()
Chosen = is_workflow_actions_choosefromlist(WFChooseFromListActionPrompt='Which ones?', WFChooseFromListActionSelectAll=True, WFChooseFromListActionSelectMultiple=True, WFInput=Screenshots)
for Repeat_Item in Chosen:
    if Repeat_Item.Width > 1200:
        is_workflow_actions_image_resize(WFImage=Repeat_Item, WFImageResizeWidth='1200')
    else:
        is_workflow_actions_getvariable(WFVariable=Repeat_Item)
    Small = if_result()
    is_workflow_actions_image_convert(WFImageCompressionQuality=0.7, WFImageFormat='JPEG', WFImagePreserveMetadata=False, WFInput=Small)
Copies = repeat_results()
is_workflow_actions_savetocameraroll(WFCameraRollSelectedGroup='Recents', WFInput=Copies)
is_workflow_actions_deletephotos(photos=Chosen)
