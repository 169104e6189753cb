'Speaks up when the battery runs low. Made for an automation that runs every hour.'
if device_details().Device_Type == 'Mac':
    is_workflow_actions_exit()
Battery_Level = is_workflow_actions_getbatterylevel()
Charging = is_workflow_actions_getbatterylevel(Subject='Is Charging')
if Charging == 1:
    is_workflow_actions_exit()
if Battery_Level <= 10:
    is_workflow_actions_lowpowermode_set(OnValue=True)
    is_workflow_actions_setbrightness(WFBrightness=0.2)
    is_workflow_actions_notification(WFNotificationActionBody=f'🔌 {Battery_Level} % left. Low Power Mode is on, and the screen is dimmed.', WFNotificationActionTitle=f'{device_details().Device_Model} needs a charger')
elif Battery_Level < 25:
    is_workflow_actions_lowpowermode_set(OnValue=True)
    is_workflow_actions_notification(WFNotificationActionBody=f'🔋 {Battery_Level} % left. Low Power Mode is on.', WFNotificationActionSound=False)
elif Battery_Level >= 80:
    is_workflow_actions_lowpowermode_set(OnValue=False)
