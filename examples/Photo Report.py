workflow(input_types=['WFImageContentItem'], no_input={'Name': 'WFWorkflowNoInputBehaviorAskForInput', 'Parameters': {'AllowMultipleSelection': True, 'ItemClass': 'WFPhotoMediaContentItem', 'SerializedParameters': {}}}, types=['ActionExtension', 'QuickActions'])
'Lists when, where and with what the shared photos were taken.'
Report = []
for Repeat_Index, Repeat_Item in enumerate(shortcut_input(), start=1):
    Place = is_workflow_actions_properties_images(WFContentItemPropertyName='Location', WFInput=Repeat_Item)
    Camera = is_workflow_actions_properties_images(WFContentItemPropertyName='Camera Model', WFInput=Repeat_Item)
    if Place:
        is_workflow_actions_gettext(WFTextActionText=f'📍 {as_location(Place).City}, {as_location(Place).State}')
    else:
        is_workflow_actions_gettext(WFTextActionText='📍 unknown')
    Where = if_result()
    Entry = is_workflow_actions_gettext(WFTextActionText=f"{Repeat_Index}. {Repeat_Item.Name}.{Repeat_Item.File_Extension}, {Repeat_Item.File_Size}\n📐 {Repeat_Item.Width} × {Repeat_Item.Height}\n📅 {Repeat_Item.Date_Taken.formatted(style='Medium', time='Short')}\n📷 {Camera}\n{Where}")
    Report += [Entry]
Sheet = is_workflow_actions_text_combine(WFTextCustomSeparator='\n\n', WFTextSeparator='Custom', text=Report)
com_alexhay_ToolboxProForShortcuts_QuickLookExtendedIntent(body=Sheet, title='Photo Report')
