'A little adventure: light the lamp of the lighthouse before the ship comes in. Twelve moves at most.'
Beginning = is_workflow_actions_gettext(WFTextActionText='beach')
Place = Beginning
Bag = []
for Repeat_Index in range(1, 13):
    if Place == 'beach':
        match menu(f'🏖️ Move {Repeat_Index}. You stand on the beach. A path leads up to the lighthouse, a boat lies in the sand.'):
            case 'Go up the path':
                At_Door = is_workflow_actions_gettext(WFTextActionText='door')
                Place = At_Door
            case 'Look into the boat':
                if 'oil' in Bag:
                    is_workflow_actions_showresult(Text='The boat is empty now.')
                else:
                    Oil = is_workflow_actions_gettext(WFTextActionText='can of oil')
                    Bag += [Oil]
                    is_workflow_actions_showresult(Text='🛢️ A can of oil! You take it along.')
            case 'Watch the sea':
                Left = is_workflow_actions_calculateexpression(Input=f'12 - {Repeat_Index}')
                is_workflow_actions_showresult(Text=f'🚢 The lights of a ship. It needs {Left} more moves to the rocks.')
    elif Place == 'door':
        match menu(f'🚪 Move {Repeat_Index}. The door of the lighthouse is shut. Beside it stands a flower pot.'):
            case 'Lift the flower pot':
                Key = is_workflow_actions_gettext(WFTextActionText='key')
                Bag += [Key]
                is_workflow_actions_showresult(Text='🗝️ There is a key under it.')
            case 'Open the door':
                if 'key' not in Bag:
                    is_workflow_actions_vibrate(WFVibrateHapticType='Failure')
                    is_workflow_actions_showresult(Text='It is locked.')
                else:
                    At_Stairs = is_workflow_actions_gettext(WFTextActionText='stairs')
                    Place = At_Stairs
                    is_workflow_actions_showresult(Text='🔓 The key turns, the door opens.')
            case 'Back to the beach':
                Down_Again = is_workflow_actions_gettext(WFTextActionText='beach')
                Place = Down_Again
    elif Place == 'stairs':
        match menu(f'🌀 Move {Repeat_Index}. A hundred steps wind upwards. A box of matches hangs on the wall.'):
            case 'Take the matches':
                Matches = is_workflow_actions_gettext(WFTextActionText='matches')
                Bag += [Matches]
                is_workflow_actions_showresult(Text='🔥 You have matches.')
            case 'Climb up':
                for _ in range(3):
                    is_workflow_actions_playsound()
                    is_workflow_actions_delay(WFDelayTime=1)
                Up_There = is_workflow_actions_gettext(WFTextActionText='lamp')
                Place = Up_There
            case 'Knock at the small door':
                match menu('😴 A voice says: the keeper sleeps. What is it?'):
                    case 'Ask for the ship':
                        Wait = is_workflow_actions_number_random(WFRandomNumberMaximum=3, WFRandomNumberMinimum=1)
                        if Wait > 2:
                            is_workflow_actions_showresult(Text='“No ship comes tonight,” says the voice. It is wrong.')
                        else:
                            is_workflow_actions_showresult(Text=f'“You have {Wait} moves more than you think,” says the voice. It is wrong, too.')
                    case 'Ask for the lamp':
                        if 'oil' not in Bag:
                            is_workflow_actions_showresult(Text='“It drinks oil, and I keep the oil in my boat.”')
                        else:
                            is_workflow_actions_showresult(Text='“Then you need nothing but fire.”')
                    case 'Apologise':
                        pass
            case 'Out to the door':
                Out_Again = is_workflow_actions_gettext(WFTextActionText='door')
                Place = Out_Again
    else:
        match menu(f'🗼 Move {Repeat_Index}. The great lamp stands before you. It is cold.'):
            case 'Light it':
                if 'oil' in Bag and 'matches' in Bag:
                    is_workflow_actions_speaktext(WFSpeakTextWait=False, WFText='The lamp burns!')
                    is_workflow_actions_showresult(Text=f'🌟 The lamp burns, and the ship turns away from the rocks. You needed {Repeat_Index} moves.')
                    is_workflow_actions_exit()
                else:
                    is_workflow_actions_showresult(Text='Oil and matches are needed for that.')
            case 'Look into your bag':
                if not Bag:
                    is_workflow_actions_showresult(Text='🎒 It is empty.')
                else:
                    Contents = is_workflow_actions_text_combine(WFTextCustomSeparator=', ', WFTextSeparator='Custom', text=Bag)
                    is_workflow_actions_showresult(Text=f'🎒 {Contents}')
            case 'Down the stairs':
                Stairs_Again = is_workflow_actions_gettext(WFTextActionText='stairs')
                Place = Stairs_Again
is_workflow_actions_vibrate(WFVibrateHapticType='Failure')
match menu('🌊 Too late. The ship has run onto the rocks. Another try?'):
    case 'Yes':
        is_workflow_actions_runworkflow(WFShowWorkflow=True, WFWorkflow={'isSelf': True, 'workflowName': 'The Lighthouse'}, WFWorkflowName='The Lighthouse')
    case 'No':
        pass
