"Adds up the month's lines of Expenses.csv by category and draws a chart of them in Charty."
Month = is_workflow_actions_format_date(WFDate=current_date(), WFDateFormat='yyyy-MM', WFDateFormatStyle='Custom')
File = is_workflow_actions_documentpicker_open(WFFileErrorIfNotFound=False, WFGetFilePath='Money/Expenses.csv', WFShowFilePicker=False)
if not File:
    is_workflow_actions_alert(WFAlertActionCancelButtonShown=False, WFAlertActionMessage='Write down an expense first.', WFAlertActionTitle='No expenses yet')
    is_workflow_actions_exit()
Lines = is_workflow_actions_text_split(WFTextSeparator='New Lines', text=File)
Categories = is_workflow_actions_list(WFItems=['food', 'travel', 'home', 'fun'])
Rows = []
Totals = []
for Repeat_Item in Categories:
    Nothing = is_workflow_actions_nothing()
    Amounts = Nothing
    for Repeat_Item_2 in Lines:
        if Repeat_Item_2.startswith(Month) and f',{Repeat_Item},' in Repeat_Item_2:
            Fields = is_workflow_actions_text_split(WFTextCustomSeparator=',', WFTextSeparator='Custom', text=Repeat_Item_2)
            Amount = is_workflow_actions_getitemfromlist(WFInput=Fields, WFItemIndex='2', WFItemSpecifier='Item At Index')
            Amounts += [as_number(Amount)]
    if Amounts:
        Sum = is_workflow_actions_statistics(Input=Amounts, WFStatisticsOperation='Sum')
        Largest = is_workflow_actions_statistics(Input=Amounts, WFStatisticsOperation='Maximum')
        Row = is_workflow_actions_gettext(WFTextActionText=f'{Repeat_Item},{Sum}')
        Rows += [Row]
        Totals += [Sum]
        if Largest > 200:
            is_workflow_actions_notification(WFNotificationActionBody=f'{Repeat_Item}: one of them was {Largest}', WFNotificationActionSound=False, WFNotificationActionTitle='💸')
Table = is_workflow_actions_text_combine(WFTextSeparator='New Lines', text=Rows)
Everything = is_workflow_actions_statistics(Input=Totals, WFStatisticsOperation='Sum')
Chart = com_brogrammers_charty_NewChartIntent(automaticId=False, id='expenses', replaceOthers=True, title=f'Expenses of {Month}: {Everything}')
com_brogrammers_charty_AddSeriesFromCSVIntent(chartId=Chart, csv=f'category,amount\n{Table}', pieLabelsColumn='category', pieValuesColumn='amount', separator=',', seriesType='pie')
is_workflow_actions_showresult(Text=f'{Table}\n\nTogether: {Everything}')
