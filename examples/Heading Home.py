workflow(types=['Watch'])
'Tells someone when you will be home. Asks for the address once, when you add it.'
Home = is_workflow_actions_gettext(WFTextActionText=ask_on_import('1 Example Street', question='Which address is home?', default=None))
Travel_Time = is_workflow_actions_gettraveltime(WFDestination=Home, WFGetDirectionsActionMode='Driving')
Arrival = is_workflow_actions_adjustdate(WFAdjustOffsetPicker=time_offset('Add', Travel_Time.in_unit('min', 'Duration'), 'Minute'), WFDate=current_date())
is_workflow_actions_sendmessage(WFSendMessageContent=f"On my way 🚗 Home in {Travel_Time}, around {Arrival.formatted(style='None', time='Short')}.")
