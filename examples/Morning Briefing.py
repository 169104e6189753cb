workflow(types=['NCWidget', 'Watch'])
'Says what the sky does, which meetings there are and what is due soon.'
Hour = is_workflow_actions_format_date(WFDate=current_date(), WFDateFormat='H', WFDateFormatStyle='Custom')
if 4 <= as_number(Hour) <= 11:
    is_workflow_actions_gettext(WFTextActionText='Good morning')
elif as_number(Hour) < 18:
    is_workflow_actions_gettext(WFTextActionText='Good afternoon')
else:
    is_workflow_actions_gettext(WFTextActionText='Good evening')
Greeting = if_result()
Forecast = is_workflow_actions_weather_forecast(WFWeatherForecastType='Daily')
Day = is_workflow_actions_getitemfromlist(WFInput=Forecast)
Advice = []
if Day.Low <= quantity(4, '°C'):
    Coat = is_workflow_actions_gettext(WFTextActionText='Take a warm coat 🧥.')
    Advice += [Coat]
if Day.Precipitation_Chance >= 0.4 or 'rain' in Day.Condition or 'Showers' in Day.Condition:
    Umbrella = is_workflow_actions_gettext(WFTextActionText='Take an umbrella ☂️.')
    Advice += [Umbrella]
Meetings = is_workflow_actions_filter_calendarevents(WFContentItemFilter=filter_all(rule('Start Date', 'is today', Unit=16, Bounded=True, Removable=False), rule('Is All Day', '==', Bool=False)), WFContentItemSortOrder='Oldest First', WFContentItemSortProperty='Start Date')
for Repeat_Item in Meetings:
    is_workflow_actions_gettext(WFTextActionText=f"At {Repeat_Item.Start_Date.formatted(style='None', time='Short')}, {Repeat_Item.Title}.")
Agenda = repeat_results()
Reminders = is_workflow_actions_filter_reminders(WFContentItemFilter=filter_all(rule('Is Completed', '==', Bool=False), rule('Due Date', 'in the next', Number='7', Unit=16)), WFContentItemSortOrder='Oldest First', WFContentItemSortProperty='Due Date')
Due = []
for Repeat_Item in Reminders:
    if is_today(Repeat_Item.Due_Date):
        Today = is_workflow_actions_gettext(WFTextActionText=f'{Repeat_Item.Title}, today.')
        Due += [Today]
    elif is_within_next(Repeat_Item.Due_Date, quantity(3, 'days')):
        Soon = is_workflow_actions_gettext(WFTextActionText='{}, on {}.'.format(Repeat_Item.Title, Repeat_Item.Due_Date.formatted("EEEE 'the' d")))
        Due += [Soon]
Text = is_workflow_actions_gettext(WFTextActionText=f'{Greeting}. It is {Day.Condition}, between {Day.Low} and {Day.High}. {Advice}\n{Agenda}\n{Due}')
is_workflow_actions_speaktext(WFSpeakTextWait=True, WFText=Text)
