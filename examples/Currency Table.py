"Shows today's exchange rates of the currencies you care about."
Base = is_workflow_actions_gettext(WFTextActionText=ask_on_import('EUR', question='Which currency do you pay in?'))
Wanted = is_workflow_actions_list(WFItems=ask_on_import(['USD', 'GBP', 'JPY', 'CHF'], question='Which currencies do you want to see?'))
Response = is_workflow_actions_downloadurl(ShowHeaders=True, WFHTTPHeaders={'Accept': 'application/json'}, WFURL=f'https://rates.example.org/v1/latest?base={Base}')
Rates = is_workflow_actions_getvalueforkey(WFDictionaryKey='rates', WFInput=Response)
if not Rates:
    is_workflow_actions_alert(WFAlertActionMessage=f'No rates came back for {Base}. Is the phone online?', WFAlertActionTitle='Currency Table')
    is_workflow_actions_exit()
for Repeat_Item in Wanted:
    Rate = is_workflow_actions_getvalueforkey(WFDictionaryKey=Repeat_Item, WFInput=Rates)
    Price = is_workflow_actions_format_number(WFNumber=Rate, WFNumberFormatDecimalPlaces=3)
    is_workflow_actions_gettext(WFTextActionText=f'💱 1 {Base} = {Price} {Repeat_Item}')
Rows = repeat_results()
Table = is_workflow_actions_text_combine(text=Rows)
is_workflow_actions_showresult(Text=f"{Table}\n\nAs of {Response['date']}")
