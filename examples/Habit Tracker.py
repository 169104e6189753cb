workflow(types=['Watch', 'NCWidget'])
'Ticks off daily habits and counts the days in a row. Everything is kept in Data Jar, under habits.'
Today = is_workflow_actions_format_date(WFDate=current_date(), WFDateFormat='yyyy-MM-dd', WFDateFormatStyle='Custom')
Day_Before = is_workflow_actions_adjustdate(WFAdjustOffsetPicker=time_offset('Subtract', 1, 'Day'), WFDate=current_date())
Yesterday = is_workflow_actions_format_date(WFDate=Day_Before, WFDateFormat='yyyy-MM-dd', WFDateFormatStyle='Custom')
Habits = dk_simonbs_DataJar_GetValueIntent(keyPath='habits')
Names = is_workflow_actions_getvalueforkey(WFGetDictionaryValueType='All Keys', WFInput=Habits)
How_Many = is_workflow_actions_count(Input=Names)
match menu('🌱 Habits'):
    case _ if item(f'Tick off one of {How_Many}'):
        Habit = is_workflow_actions_choosefromlist(WFChooseFromListActionPrompt='Which one did you do?', WFInput=Names)
        Record = is_workflow_actions_getvalueforkey(WFDictionaryKey=Habit, WFInput=Habits)
        if Record['last'] == f'{Today}':
            is_workflow_actions_notification(WFNotificationActionBody=f'{Habit} is ticked off already ✅')
        else:
            if Record['last'] == f'{Yesterday}':
                is_workflow_actions_math(WFInput=Record['streak'], WFMathOperand=1)
            else:
                is_workflow_actions_number(WFNumberActionNumber=1)
            Streak = if_result()
            Fresh = is_workflow_actions_dictionary(WFItems={'last': Today, 'streak': number(Streak), 'done': True})
            dk_simonbs_DataJar_SetValueIntent(keyPath=f'habits.{Habit}', overwriteStrategy='alwaysAllow', values=Fresh)
            if Streak > 6:
                is_workflow_actions_notification(WFNotificationActionBody=f'🔥 {Habit}: {Streak} days in a row!', WFNotificationActionTitle='Keep going')
    case 'Begin a new one':
        New_Habit = is_workflow_actions_ask(WFAskActionPrompt='What do you want to do every day?')
        Start = is_workflow_actions_dictionary(WFItems={'last': '', 'streak': 0, 'done': False})
        dk_simonbs_DataJar_SetValueIntent(keyPath=f'habits.{New_Habit}', overwriteStrategy='disallowArraysAndDictionaries', values=Start)
    case 'How am I doing?':
        for Repeat_Item in Names:
            Entry = is_workflow_actions_getvalueforkey(WFDictionaryKey=Repeat_Item, WFInput=Habits)
            if Entry['streak'] != 0:
                is_workflow_actions_gettext(WFTextActionText=f"🌳 {Repeat_Item}: {Entry['streak']} days, last on {Entry['last']}")
            else:
                is_workflow_actions_gettext(WFTextActionText=f'🌱 {Repeat_Item}: not yet')
        Lines = repeat_results()
        is_workflow_actions_showresult(Text=Lines)
