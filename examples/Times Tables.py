'Asks ten multiplications, says how many were right and shows the whole table at the end.'
Up_To = is_workflow_actions_ask(WFAskActionAllowsDecimalNumbers=False, WFAskActionDefaultAnswerNumber=10, WFAskActionPrompt='Up to which number?', WFInputType='Number')
Zero = is_workflow_actions_number(WFNumberActionNumber=0)
Right = Zero
for Repeat_Index in range(1, 11):
    Left_Factor = is_workflow_actions_number_random(WFRandomNumberMaximum=Up_To, WFRandomNumberMinimum='2')
    Right_Factor = is_workflow_actions_number_random(WFRandomNumberMaximum=Up_To, WFRandomNumberMinimum='2')
    Solution = is_workflow_actions_math(WFInput=Left_Factor, WFMathOperand=Right_Factor, WFMathOperation='×')
    Answer = is_workflow_actions_ask(WFAskActionAllowsDecimalNumbers=False, WFAskActionPrompt=f'{Repeat_Index} of 10: how much is {Left_Factor} × {Right_Factor}?', WFInputType='Number')
    if Answer == Solution:
        One_More = is_workflow_actions_math(WFInput=Right, WFMathOperand=1)
        Right = One_More
        is_workflow_actions_vibrate(WFVibrateHapticType='Success')
    else:
        is_workflow_actions_alert(WFAlertActionCancelButtonShown=True, WFAlertActionMessage=f'{Left_Factor} × {Right_Factor} is {Solution}, not {Answer}.', WFAlertActionTitle='Not quite 🙈')
if Right == 10:
    is_workflow_actions_gettext(WFTextActionText='🏆 All of them!')
elif Right >= 7:
    is_workflow_actions_gettext(WFTextActionText=f'👏 {Right} of 10')
else:
    is_workflow_actions_gettext(WFTextActionText=f'💪 {Right} of 10. Have a look at the table:')
Verdict = if_result()
Table = []
for Repeat_Index in range(1, Up_To + 1):
    for Repeat_Index_2 in range(1, Up_To + 1):
        is_workflow_actions_calculateexpression(Input=f'{Repeat_Index} * {Repeat_Index_2}')
    Products = repeat_results()
    Line = is_workflow_actions_text_combine(WFTextSeparator='Spaces', text=Products)
    Table += [Line]
is_workflow_actions_showresult(Text=f'{Verdict}\n\n{Table}')
