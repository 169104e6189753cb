workflow(types=['Watch', 'NCWidget'])
'Work for a while, rest for a while. Data Jar counts the rounds of each day.'
Today = is_workflow_actions_format_date(WFDate=current_date(), WFDateFormat='yyyy-MM-dd', WFDateFormatStyle='Custom')
None_Yet = is_workflow_actions_number(WFNumberActionNumber=0)
Rounds = dk_simonbs_DataJar_GetValueIntent(fallbackValues=None_Yet, keyPath=f'pomodoro.{Today}')
match menu(f'🍅 {Rounds} rounds today'):
    case 'Focus for 25 minutes':
        is_workflow_actions_dnd_set(AssertionType='Time', Enabled=True, Operation='Turn', Time='in 25 minutes')
        is_workflow_actions_timer_start(WFDuration=quantity(25, 'min'))
        More = is_workflow_actions_math(WFInput=Rounds, WFMathOperand=1)
        dk_simonbs_DataJar_SetValueIntent(keyPath=f'pomodoro.{Today}', overwriteStrategy='alwaysAllow', values=More)
    case 'Short break':
        is_workflow_actions_dnd_set(Enabled=False)
        is_workflow_actions_timer_start(WFDuration=quantity(5, 'min'))
    case 'Long break':
        is_workflow_actions_dnd_set(Enabled=False)
        is_workflow_actions_timer_start(WFDuration=quantity(20, 'min'))
    case _ if item(f'Forget the {Rounds} rounds'):
        dk_simonbs_DataJar_DeleteValueIntent(deleteStrategy='alwaysAllow', errorWhenValueNotFound=False, keyPath=f'pomodoro.{Today}')
