workflow(types=['Watch', 'NCWidget'])
'Writes a quarter of a litre to Health.'
is_workflow_actions_health_quantity_log(WFQuantitySampleDate=current_date(), WFQuantitySampleQuantity=quantity(250, 'mL'), WFQuantitySampleType='Water')
is_workflow_actions_notification(WFNotificationActionBody=f"💧 A glass at {current_date().formatted('HH:mm')}", WFNotificationActionSound=False)
