workflow(types=['QuickActions', 'MenuBar'])
'Sorts the files of a folder into folders by kind. Nothing is deleted, and files of the last day stay where they are.'
Folder = is_workflow_actions_folder(WFFolder=ask_on_import(question='Which folder shall be tidied?', default=None))
Files = is_workflow_actions_file_getfoldercontents(Recursive=False, WFFolder=Folder)
Moved = []
for Repeat_Item in Files:
    if is_within_last(Repeat_Item.Creation_Date, quantity(1, 'days')):
        is_workflow_actions_nothing()
    else:
        Extension = is_workflow_actions_text_changecase(WFCaseType='lowercase', text=Repeat_Item.File_Extension)
        if Extension == 'pdf' or Extension == 'docx' or Extension == 'pages':
            is_workflow_actions_gettext(WFTextActionText='Documents')
        elif otherwise_if(Repeat_Item.Name.startswith('Screenshot')):
            is_workflow_actions_gettext(WFTextActionText='Screenshots')
        elif otherwise_if(Extension == 'jpg' or Extension == 'heic' or Extension == 'png'):
            is_workflow_actions_gettext(WFTextActionText='Pictures')
        elif otherwise_if(Repeat_Item.Name.endswith('backup') and Extension != 'txt'):
            is_workflow_actions_gettext(WFTextActionText='Backups')
        else:
            is_workflow_actions_gettext(WFTextActionText=f'Other/{Extension}')
        Kind = if_result()
        Target = is_workflow_actions_file_createfolder(WFFilePath=Kind, WFFolder=Folder)
        is_workflow_actions_file_move(WFFile=Repeat_Item, WFFolder=Target, WFReplaceExisting=False)
        Line = is_workflow_actions_gettext(WFTextActionText=f'{Repeat_Item.Name} ({Repeat_Item.File_Size}) → {Kind}')
        Moved += [Line]
How_Many = is_workflow_actions_count(Input=Moved)
if How_Many == 0:
    is_workflow_actions_notification(WFNotificationActionBody='Nothing to tidy up 👌', WFNotificationActionSound=False)
else:
    Log = is_workflow_actions_text_combine(WFTextSeparator='New Lines', text=Moved)
    is_workflow_actions_file_append(WFAppendFileWriteMode='Prepend', WFFilePath='Tidy Downloads.log', WFInput=f"{current_date().formatted(style='ISO 8601', iso_time=True)}\n{Log}\n")
    is_workflow_actions_showresult(Text=f'🧹 {How_Many} files moved\n\n{Log}')
