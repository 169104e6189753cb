'Commits the draft in the clipboard to the repository of a blog and pushes it.'
Repository = is_workflow_actions_gettext(WFTextActionText=ask_on_import('blog', question='What is the repository called in Working Copy?'))
Draft = is_workflow_actions_detect_text(WFInput=clipboard())
Lines = is_workflow_actions_text_split(WFTextSeparator='New Lines', text=Draft)
First_Line = is_workflow_actions_getitemfromlist(WFInput=Lines)
if First_Line.startswith('# '):
    Title = is_workflow_actions_text_replace(WFInput=First_Line, WFReplaceTextFind='# ', WFReplaceTextReplace='')
    Slug = com_sindresorhus_Actions_TransformTextIntent(text=Title, transformation='slugify')
    Path = is_workflow_actions_gettext(WFTextActionText=f"posts/{current_date().formatted('yyyy-MM-dd')}-{Slug}.md")
    com_appliedphasor_working_copy_WriteFileIntent(content=Draft, createMissing=True, mode='overwrite', path=Path, repo=Repository, stage=True)
    com_appliedphasor_working_copy_CommitRepositoryIntent(message=f'Post: {Title}', repo=Repository, target='staged')
    com_appliedphasor_working_copy_PushRepositoryIntent(repo=Repository)
    is_workflow_actions_notification(WFNotificationActionBody=f'🚀 {Title} is on its way', WFNotificationActionTitle=Repository)
else:
    is_workflow_actions_alert(WFAlertActionCancelButtonShown=False, WFAlertActionMessage='A post begins with its title, as in "# Spring".', WFAlertActionTitle='No title')
