'Makes a packing list in Reminders that fits the weather and the length of the trip.'
Place = is_workflow_actions_ask(WFAskActionPrompt='Where do you go?')
Nights = is_workflow_actions_ask(WFAskActionAllowsDecimalNumbers=False, WFAskActionAllowsNegativeNumbers=False, WFAskActionPrompt='How many nights?', WFInputType='Number')
Things = is_workflow_actions_dictionary(WFItems={'always': ['Passport', 'Charger', 'Toothbrush'], 'cold': ['Gloves', 'Scarf', 'Warm socks'], 'hot': ['Sunscreen', 'Hat', 'Sunglasses'], 'wet': ['Rain jacket', 'Umbrella'], 'per night': {'T-shirt': 1, 'Socks': 1, 'Book': 0.25}})
Forecast = is_workflow_actions_weather_forecast(WFWeatherCustomLocation=Place, WFWeatherForecastType='Daily')
Bag = Things['always']
for Repeat_Item in Forecast:
    if Repeat_Item.High >= 25 and 'rain' not in Repeat_Item.Condition:
        Bag += [Things['hot']]
    elif Repeat_Item.Low < 5:
        Bag += [Things['cold']]
    if Repeat_Item.Condition.endswith('rain') or Repeat_Item.Condition.endswith('showers'):
        Bag += [Things['wet']]
Unique = com_sindresorhus_Actions_RemoveDuplicatesFromListIntent(list=Bag)
Clothes = is_workflow_actions_getvalueforkey(WFDictionaryKey='per night', WFInput=Things)
Kinds = is_workflow_actions_getvalueforkey(WFGetDictionaryValueType='All Keys', WFInput=Clothes)
for Repeat_Item in Kinds:
    Each = is_workflow_actions_getvalueforkey(WFDictionaryKey=Repeat_Item, WFInput=Clothes)
    Needed = is_workflow_actions_math(WFInput=Nights, WFMathOperand=Each, WFMathOperation='×')
    Whole = is_workflow_actions_round(WFInput=Needed, WFRoundMode='Always Round Up')
    is_workflow_actions_gettext(WFTextActionText=f'{Whole} × {Repeat_Item}')
Counted = repeat_results()
All_Things = com_sindresorhus_Actions_CombineListsIntent(list1=Unique, list2=Counted)
for Repeat_Item in All_Things:
    is_workflow_actions_addnewreminder(WFAlertEnabled='No Alert', WFCalendarItemCalendar=ask_on_import('Packing', question='Which list in Reminders is for packing?'), WFCalendarItemNotes=f'{Place}, {Nights} nights', WFCalendarItemTitle=Repeat_Item)
is_workflow_actions_notification(WFNotificationActionBody=f'🧳 {Nights} nights in {Place}: the list is in Reminders.')
