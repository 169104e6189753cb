workflow(types=['NCWidget', 'MenuBar'])
'Makes a password and keeps it on this clipboard only, for two minutes.'
Length = is_workflow_actions_ask(WFAskActionAllowsDecimalNumbers=False, WFAskActionDefaultAnswerNumber=20, WFAskActionPrompt='How many characters?', WFInputType='Number')
if 8 <= Length <= 64:
    Password = com_sindresorhus_Actions_RandomTextIntent(digits=True, length=Length, lowercase=True, uppercase=True)
    Soon = is_workflow_actions_adjustdate(WFAdjustOffsetPicker=time_offset('Add', 2, 'Minute'), WFDate=current_date())
    is_workflow_actions_setclipboard(WFExpirationDate=Soon, WFInput=Password, WFLocalOnly=True)
    Fingerprint = is_workflow_actions_hash(WFHashType='SHA256', WFInput=Password)
    is_workflow_actions_notification(WFNotificationActionBody=f"🔑 Copied until {Soon.formatted(style='None', time='Short')}. Its fingerprint begins with {Fingerprint}.", WFNotificationActionTitle=f'{Length} characters')
else:
    is_workflow_actions_alert(WFAlertActionMessage=f'{Length} is no good length: take 8 to 64.', WFAlertActionTitle='New Password')
