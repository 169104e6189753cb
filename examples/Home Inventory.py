workflow(input_types=['WFStringContentItem', 'WFURLContentItem'], types=['ActionExtension', 'NCWidget'])
'Keeps what is in your home, where it stands and how long its warranty lasts. Data Jar holds the list under home.'
Rooms = is_workflow_actions_list(WFItems=ask_on_import(['Kitchen', 'Living room', 'Bedroom', 'Cellar'], question='Which rooms does your home have?'))
Items = dk_simonbs_DataJar_GetValueIntent(keyPath='home')
Item_Names = is_workflow_actions_getvalueforkey(WFGetDictionaryValueType='All Keys', WFInput=Items)
Known = is_workflow_actions_count(Input=Item_Names)
Found = []
Sheets = []
match menu(f'🏠 {Known} things at home'):
    case 'Add something':
        if shortcut_input():
            Name_Idea = shortcut_input()
        else:
            Name_Idea = clipboard()
        Name = is_workflow_actions_ask(WFAskActionDefaultAnswer=Name_Idea, WFAskActionPrompt='What is it called?')
        Room = is_workflow_actions_choosefromlist(WFChooseFromListActionPrompt=f'In which room is {Name}?', WFInput=Rooms)
        Price = is_workflow_actions_ask(WFAskActionAllowsNegativeNumbers=False, WFAskActionPrompt='What did it cost?', WFInputType='Number')
        Bought = is_workflow_actions_ask(WFAskActionPrompt='When did you buy it?', WFInputType='Date')
        Warranty = is_workflow_actions_adjustdate(WFAdjustOffsetPicker=time_offset('Add', 2, 'Year'), WFDate=Bought)
        if Price >= 500:
            is_workflow_actions_number(WFNumberActionNumber=1)
        else:
            is_workflow_actions_number(WFNumberActionNumber=0)
        Insured = if_result()
        Entry = is_workflow_actions_dictionary(WFItems={'price': number(Price), 'insured': boolean(Insured), 'where': {'room': Room, 'shelf': 1}, 'tags': ['home', Room], 'bought': Bought.formatted(style='ISO 8601'), 'warranty': Warranty.formatted(style='ISO 8601')})
        dk_simonbs_DataJar_SetValueIntent(keyPath=f'home.{Name}', overwriteStrategy='alwaysAllow', values=Entry)
        is_workflow_actions_notification(WFNotificationActionBody=f"📦 {Name} is in the list. Its warranty ends on {Warranty.formatted(style='Long', time='None')}.")
    case 'Find something':
        Wanted = is_workflow_actions_ask(WFAskActionPrompt='What are you looking for?')
        for Repeat_Item in Item_Names:
            if Wanted in Repeat_Item:
                Record = is_workflow_actions_getvalueforkey(WFDictionaryKey=Repeat_Item, WFInput=Items)
                Line = is_workflow_actions_gettext(WFTextActionText=f"{Repeat_Item}: {Record['where.room']}, shelf {Record['where.shelf']}")
                Found += [Line]
        if Found:
            is_workflow_actions_showresult(Text=Found)
        else:
            is_workflow_actions_alert(WFAlertActionCancelButtonShown=False, WFAlertActionMessage=f'Nothing is called {Wanted}.', WFAlertActionTitle='🔍')
    case 'Check the warranties':
        for Repeat_Item in Item_Names:
            Facts = is_workflow_actions_getvalueforkey(WFDictionaryKey=Repeat_Item, WFInput=Items)
            if as_date(Facts['warranty']) < current_date():
                is_workflow_actions_gettext(WFTextActionText=f'⛔️ {Repeat_Item} has no warranty any more')
            elif is_within_next(as_date(Facts['warranty']), quantity(30, 'days')):
                is_workflow_actions_gettext(WFTextActionText=f"⚠️ {Repeat_Item}: only until {Facts['warranty']}")
            else:
                is_workflow_actions_nothing()
        Warnings = repeat_results()
        is_workflow_actions_showresult(Text=Warnings)
    case 'List it by room':
        for Repeat_Index, Repeat_Item in enumerate(Rooms, start=1):
            for Repeat_Index_2, Repeat_Item_2 in enumerate(Item_Names, start=1):
                Thing_Facts = is_workflow_actions_getvalueforkey(WFDictionaryKey=Repeat_Item_2, WFInput=Items)
                if as_dictionary(Thing_Facts)['where.room'] == f'{Repeat_Item}':
                    is_workflow_actions_gettext(WFTextActionText=f"{Repeat_Index}.{Repeat_Index_2} {Repeat_Item_2}, {Thing_Facts['price']}")
            Room_Lines = repeat_results()
            Sheet = is_workflow_actions_gettext(WFTextActionText=f'🚪 {Repeat_Item}\n{Room_Lines}')
            Sheets += [Sheet]
        Report = is_workflow_actions_text_combine(WFTextCustomSeparator='\n\n', WFTextSeparator='Custom', text=Sheets)
        Total = dk_simonbs_Scriptable_RunScriptInlineIntent(parameter=Items, runInApp=False, script='const things = Object.values(args.shortcutParameter);\nScript.setShortcutOutput(things.reduce((sum, thing) => sum + thing.price, 0));\nScript.complete();')
        com_alexhay_ToolboxProForShortcuts_QuickLookExtendedIntent(body=f'{Report}\n\nTogether: {Total}', title='Home Inventory')
    case 'Give something away':
        Gone = is_workflow_actions_choosefromlist(WFChooseFromListActionPrompt='What do you give away?', WFInput=Item_Names)
        Taker = is_workflow_actions_gettext(WFTextActionText=ask_each_time('Who gets it?'))
        dk_simonbs_DataJar_DeleteValueIntent(deleteStrategy='alwaysAllow', errorWhenValueNotFound=True, keyPath=f'home.{Gone}')
        is_workflow_actions_output(WFNoOutputSurfaceBehavior='Copy to Clipboard', WFOutput=f'🎁 {Gone} goes to {Taker}', WFResponse='')
