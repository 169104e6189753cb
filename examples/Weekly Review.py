'Looks back on the week and forward to the next, step by step, and writes the result to Day One.'
Last_Review = dk_simonbs_DataJar_GetValueIntent(keyPath='review.last')
if Last_Review and is_within_last(as_date(Last_Review), quantity(4, 'days')):
    match menu(f"The last review was on {as_date(Last_Review).formatted('EEEE')}. Again?"):
        case 'Yes, again':
            pass
        case 'Not today':
            is_workflow_actions_exit()
Week_Start = is_workflow_actions_adjustdate(WFAdjustOffsetPicker=time_offset('Get Start of Week', 0, 'Second'), WFDate=current_date())
Week_End = is_workflow_actions_adjustdate(WFAdjustOffsetPicker=time_offset('Add', 1, 'Week'), WFDate=Week_Start)
'Looking back: what was in the calendar, and what got done'
Past_Events = is_workflow_actions_filter_calendarevents(WFContentItemFilter=filter_all(rule('Start Date', 'between', AnotherDate=current_date(), Date=Week_Start, Unit=16, Bounded=True, Removable=False)), WFContentItemSortOrder='Oldest First', WFContentItemSortProperty='Start Date')
Meeting_Time = []
for Repeat_Item in Past_Events:
    if Repeat_Item.Duration >= quantity(1, 'hr') and 'Lunch' not in Repeat_Item.Title:
        Meeting_Time += [Repeat_Item.Duration.in_unit('min', 'Duration')]
    is_workflow_actions_gettext(WFTextActionText=f"- {Repeat_Item.Start_Date.formatted('EEE')} {Repeat_Item.Title}")
Event_Lines = repeat_results()
Sections = []
if Meeting_Time:
    Minutes = is_workflow_actions_statistics(Input=Meeting_Time, WFStatisticsOperation='Sum')
    Nice_Time = com_sindresorhus_Actions_FormatDurationIntent(duration=Minutes, showSeconds=False, unitStyle='short')
    Meetings_Text = is_workflow_actions_gettext(WFTextActionText=f'⏱️ Long meetings took {Nice_Time}.')
    Sections += [Meetings_Text]
Calendar_Text = is_workflow_actions_gettext(WFTextActionText=f'## Calendar\n{Event_Lines}')
Sections += [Calendar_Text]
Done = is_workflow_actions_filter_reminders(WFContentItemFilter=filter_all(rule('Is Completed', '==', Bool=True), rule('Completion Date', 'in the last', Number='7', Unit=16)), WFContentItemSortOrder='Latest First', WFContentItemSortProperty='Completion Date')
Done_Count = is_workflow_actions_count(Input=Done)
if 1 <= Done_Count <= 10:
    is_workflow_actions_gettext(WFTextActionText=f'✅ {Done_Count} things done: {Done.Title}')
elif Done_Count > 10:
    is_workflow_actions_gettext(WFTextActionText=f'🚀 {Done_Count} things done!')
else:
    is_workflow_actions_gettext(WFTextActionText='🛋️ Nothing was ticked off.')
Done_Text = if_result()
Sections += [Done_Text]
Tracked = com_joehribar_toggl_CheckTimeLoggedIntent(groupReportDetailsBy='projectsOnly', timePeriod='thisWeek')
Time_Text = is_workflow_actions_gettext(WFTextActionText=f'## Time\n{Tracked}')
Sections += [Time_Text]
'The inbox: every task gets a place'
Inbox = com_omnigroup_OmniFocus3_iOS_FindTasksIntent(limitItemsCount=20, projectCriteriaType='inbox')
for Repeat_Index, Repeat_Item in enumerate(Inbox, start=1):
    match menu(f'{Repeat_Index}. {Repeat_Item}'):
        case 'Call tomorrow':
            com_flexibits_fantastical2_iphone_FKRCreateFromInputIntent(input=f'todo {Repeat_Item} tomorrow 9:00')
        case 'Plan it':
            When = is_workflow_actions_ask(WFAskActionPrompt=f'When will you do this? {Repeat_Item}', WFInputType='Date and Time')
            if is_within_next(When, quantity(7, 'days')):
                End = is_workflow_actions_adjustdate(WFAdjustOffsetPicker=time_offset('Add', 30, 'Minute'), WFDate=When)
                is_workflow_actions_addnewevent(ShowWhenRun=False, WFAlertTime='15 minutes before', WFCalendarItemEndDate=End, WFCalendarItemStartDate=When, WFCalendarItemTitle=Repeat_Item)
            else:
                is_workflow_actions_addnewreminder(WFAlertCondition='At Time', WFAlertCustomTime=When, WFAlertEnabled='Alert', WFCalendarItemTitle=Repeat_Item)
        case 'Hand it over':
            Text = is_workflow_actions_gettext(WFTextActionText=f'Could you take this over? {Repeat_Item}')
            is_workflow_actions_share(WFInput=Text)
        case 'Leave it':
            pass
'Looking forward'
Coming = is_workflow_actions_filter_calendarevents(WFContentItemFilter=filter_any(rule('Start Date', 'in the next', Number='7', Unit=16, Bounded=True, Removable=False), rule('Title', 'contains', String='Holiday')), WFContentItemLimitEnabled=True, WFContentItemLimitNumber=15, WFContentItemSortOrder='Oldest First', WFContentItemSortProperty='Start Date')
for Repeat_Item in Coming:
    if Repeat_Item.Start_Date == None:
        is_workflow_actions_nothing()
    else:
        is_workflow_actions_gettext(WFTextActionText='- {}: {}'.format(Repeat_Item.Start_Date.formatted("EEE d 'at' HH:mm"), Repeat_Item.Title))
Coming_Lines = repeat_results()
Goals = []
for Repeat_Index in range(1, 4):
    Goal = is_workflow_actions_ask(WFAskActionPrompt=f"Goal {Repeat_Index} of 3 until {Week_End.formatted('d MMMM')}?")
    if Goal:
        Goal_Line = is_workflow_actions_gettext(WFTextActionText=f'{Repeat_Index}. 🎯 {Goal}')
        Goals += [Goal_Line]
Forward_Text = is_workflow_actions_gettext(WFTextActionText=f'## Next week\n{Coming_Lines}\n\n{Goals}')
Sections += [Forward_Text]
Moods = is_workflow_actions_list(WFItems=['😀', '🙂', '😐', '🙁'])
Mood = is_workflow_actions_choosefromlist(WFChooseFromListActionPrompt='How was the week?', WFInput=Moods)
Photos = is_workflow_actions_filter_photos(WFContentItemFilter=filter_all(rule('Date Taken', 'in the last', Number='7', Unit=16), rule('Is a Screenshot', '==', Bool=False, Unit=4)), WFContentItemLimitEnabled=True, WFContentItemLimitNumber=6, WFContentItemSortOrder='Random', WFContentItemSortProperty='Creation Date')
Collage = is_workflow_actions_image_combine(WFImageCombineMode='In a Grid', WFImageCombineSpacing=8, WFInput=Photos)
Review = is_workflow_actions_text_combine(WFTextCustomSeparator='\n\n', WFTextSeparator='Custom', text=Sections)
com_bloombuilt_dayone_ios_CreateEntryIntent(content=f"# {Mood} Week {current_date().formatted('w')}\n\n{Review}", images=Collage, tags=['review'])
dk_simonbs_DataJar_SetValueIntent(keyPath='review.last', overwriteStrategy='alwaysAllow', values=current_date())
is_workflow_actions_notification(WFNotificationActionBody=f'{Mood} The review is in Day One.')
