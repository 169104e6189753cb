workflow(types=['Watch'])
'Counts rounds of exercises aloud. When you add it, it asks for the seconds of work and of rest.'
Exercises = is_workflow_actions_list(WFItems=['Squats', 'Push-ups', 'Plank', 'Lunges', 'Jumping jacks'])
Rounds = is_workflow_actions_ask(WFAskActionAllowsDecimalNumbers=False, WFAskActionDefaultAnswerNumber=3, WFAskActionPrompt='How many rounds?', WFInputType='Number')
Work = is_workflow_actions_number(WFNumberActionNumber=ask_on_import(40, question='How many seconds of work?'))
Rest = is_workflow_actions_number(WFNumberActionNumber=ask_on_import(20, question='How many seconds of rest?'))
Begin = is_workflow_actions_date()
menu('Lay out the mat and fill your bottle 🧘', items=['Ready'])
for _ in range(3):
    is_workflow_actions_playsound()
    is_workflow_actions_delay(WFDelayTime=1)
for Repeat_Index in range(1, Rounds + 1):
    is_workflow_actions_speaktext(WFText=f'Round {Repeat_Index} of {Rounds}')
    for Repeat_Index_2, Repeat_Item_2 in enumerate(Exercises, start=1):
        is_workflow_actions_speaktext(WFSpeakTextWait=False, WFText=f'{Repeat_Index_2}: {Repeat_Item_2}. Go!')
        is_workflow_actions_delay(WFDelayTime=Work)
        is_workflow_actions_vibrate(WFVibrateHapticType='Stop')
        is_workflow_actions_speaktext(WFSpeakTextWait=False, WFText='Rest.')
        is_workflow_actions_delay(WFDelayTime=Rest)
    if Repeat_Index < Rounds:
        is_workflow_actions_speaktext(WFText='Drink something.')
        is_workflow_actions_delay(WFDelayTime=30)
Minutes = is_workflow_actions_gettimebetweendates(WFInput=current_date(), WFTimeUntilFromDate=Begin, WFTimeUntilUnit='Minutes')
is_workflow_actions_health_quantity_log(WFQuantitySampleDate=current_date(), WFQuantitySampleQuantity=quantity(Minutes, 'min'), WFQuantitySampleType='Exercise Minutes')
is_workflow_actions_notification(WFNotificationActionBody=f'🏅 {Rounds} rounds in {Minutes} minutes', WFNotificationActionTitle='Well done')
