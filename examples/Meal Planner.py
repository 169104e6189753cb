'Draws the dinners and lunches of a week from your own dishes and writes them into Fantastical.'
Dishes = is_workflow_actions_dictionary(WFItems={'Lunch': ['Lentil soup', 'Greek salad', 'Cheese sandwich', 'Leftovers'], 'Dinner': ['Pasta with tomatoes', 'Vegetable curry', 'Risotto', 'Pizza', 'Omelette']})
Hours = is_workflow_actions_dictionary(WFItems={'Lunch': '12:30', 'Dinner': '19:00'})
Meals = is_workflow_actions_getvalueforkey(WFGetDictionaryValueType='All Keys', WFInput=Dishes)
Days = is_workflow_actions_list(WFItems=['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'])
Shopping = []
Plan = []
for Repeat_Index, Repeat_Item in enumerate(Days, start=1):
    for Repeat_Index_2, Repeat_Item_2 in enumerate(Meals, start=1):
        if Repeat_Index <= 5 and Repeat_Index_2 == 1:
            Dish_of_Canteen = is_workflow_actions_gettext(WFTextActionText='Canteen')
            Dish = Dish_of_Canteen
        else:
            Choices = is_workflow_actions_getvalueforkey(WFDictionaryKey=Repeat_Item_2, WFInput=Dishes)
            Drawn = is_workflow_actions_getitemfromlist(WFInput=Choices, WFItemSpecifier='Random Item')
            Dish = Drawn
            Shopping += [Dish]
        Hour = is_workflow_actions_getvalueforkey(WFDictionaryKey=Repeat_Item_2, WFInput=Hours)
        com_flexibits_fantastical2_iphone_FKRCreateFromInputIntent(input=f'{Dish} {Repeat_Item} at {Hour}', notes=f'Meal {Repeat_Index_2} of day {Repeat_Index}')
        Line = is_workflow_actions_gettext(WFTextActionText=f'{Repeat_Index}.{Repeat_Index_2} {Repeat_Item}, {Repeat_Item_2}: {Dish}')
        Plan += [Line]
Sheet = is_workflow_actions_text_combine(WFTextSeparator='New Lines', text=Plan)
match menu('🍽️ The week is planned'):
    case 'Show it':
        is_workflow_actions_showresult(Text=Sheet)
    case 'Print it':
        Page = is_workflow_actions_makepdf(WFInput=Sheet, WFPDFIncludeMargin=True)
        is_workflow_actions_share(WFInput=Page)
    case 'Put the dishes on the shopping list':
        for Repeat_Item in Shopping:
            dk_simonbs_DataJar_InsertValueInArrayIntent(insertionPoint='end', keyPath='shopping', valueConversionMode='text', values=f'Ingredients: {Repeat_Item}')
