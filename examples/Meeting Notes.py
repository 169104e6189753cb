'Starts a note for the next meeting of the day, with the people and the time filled in.'
Meetings = is_workflow_actions_filter_calendarevents(WFContentItemFilter=filter_all(rule('Start Date', 'in the next', Number='12', Unit=32, Bounded=True, Removable=False), rule('Is All Day', '==', Bool=False)), WFContentItemLimitEnabled=True, WFContentItemLimitNumber=1, WFContentItemSortOrder='Oldest First', WFContentItemSortProperty='Start Date')
if Meetings:
    People = is_workflow_actions_properties_calendarevents(WFContentItemPropertyName='Attendees', WFInput=Meetings)
    for Repeat_Item in People:
        is_workflow_actions_gettext(WFTextActionText=f'- {Repeat_Item.Name}')
    Names = repeat_results()
    Attendance = is_workflow_actions_text_combine(WFTextSeparator='New Lines', text=Names)
    Draft = com_agiletortoise_Drafts5_CaptureIntent(content=f"# {Meetings.Title}\n{Meetings.Start_Date.formatted('EEEE d MMMM, HH:mm')} to {Meetings.End_Date.formatted('HH:mm')}\nWhere: {Meetings.Location}\n\n## Who\n{Attendance}\n\n## What was said\n\n## Who does what\n- [ ] ", folder='inbox', tags=['meeting'])
    com_agiletortoise_Drafts5_OpenDraftIntent(draft=Draft)
else:
    is_workflow_actions_alert(WFAlertActionCancelButtonShown=False, WFAlertActionMessage='Nothing in the calendar for the next twelve hours 🎉', WFAlertActionTitle='No meeting')
