'Makes the phone quiet and dark for the night.'
is_workflow_actions_appearance(operation='set', style='dark')
is_workflow_actions_setbrightness(WFBrightness=0.15)
is_workflow_actions_setvolume(WFVolume=0.2, WFVolumeSetting='Media')
is_workflow_actions_dnd_set(AssertionType='Time', Enabled=True, FocusModes={'Identifier': 'com.apple.donotdisturb.mode.default', 'DisplayString': 'Do Not Disturb'}, Operation='Turn', Time='7:00')
is_workflow_actions_lowpowermode_set(OnValue=True)
is_workflow_actions_speaktext(WFSpeakTextRate=0.4, WFText='Good night.')
