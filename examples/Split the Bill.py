workflow(types=['Watch', 'NCWidget'])
'Adds a tip and splits the bill evenly.'
Bill = is_workflow_actions_ask(WFAskActionAllowsNegativeNumbers=False, WFAskActionPrompt='How much is the bill?', WFInputType='Number')
People = is_workflow_actions_ask(WFAskActionAllowsDecimalNumbers=False, WFAskActionDefaultAnswerNumber=2, WFAskActionPrompt='How many people share it?', WFInputType='Number')
match menu(f'Which tip on {Bill}?'):
    case 'No tip':
        is_workflow_actions_number(WFNumberActionNumber=0)
    case '10 %':
        is_workflow_actions_number(WFNumberActionNumber=10)
    case '15 %':
        is_workflow_actions_number(WFNumberActionNumber=15)
    case 'Another 🤔':
        is_workflow_actions_ask(WFAskActionPrompt='How many per cent?', WFInputType='Number')
Percentage = menu_result()
Total = is_workflow_actions_calculateexpression(Input=f'{Bill} * (1 + {Percentage} / 100)')
Share = is_workflow_actions_math(WFInput=Total, WFMathOperand=People, WFMathOperation='÷')
Rounded_Share = is_workflow_actions_round(WFInput=Share, WFRoundMode='Always Round Up', WFRoundTo='Hundredths')
is_workflow_actions_showresult(Text=f'💶 Together {Total}, each of {People} pays {Rounded_Share}')
