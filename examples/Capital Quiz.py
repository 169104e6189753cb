workflow(types=['Watch', 'NCWidget'])
'Asks the capitals of a continent, with a hint if you want one. Data Jar remembers the best score.'
World = is_workflow_actions_dictionary(WFItems={'Europe': {'Norway': {'capital': 'Oslo', 'hint': 'It begins with O.', 'points': 1}, 'Portugal': {'capital': 'Lisbon', 'hint': 'It lies on the Tagus.', 'points': 1}, 'Slovenia': {'capital': 'Ljubljana', 'hint': 'Its emblem is a dragon.', 'points': 2}}, 'Asia': {'Japan': {'capital': 'Tokyo', 'hint': 'It was called Edo.', 'points': 1}, 'Nepal': {'capital': 'Kathmandu', 'hint': 'It lies 1,400 metres high.', 'points': 1}, 'Kazakhstan': {'capital': 'Astana', 'hint': 'Its name just means capital.', 'points': 3}}, 'South America': {'Peru': {'capital': 'Lima', 'hint': 'A bean has its name.', 'points': 1}, 'Uruguay': {'capital': 'Montevideo', 'hint': 'It lies on the River Plate.', 'points': 2}}})
Settings = is_workflow_actions_dictionary(WFItems={'hints': True, 'rounds': 3, 'cheers': ['Right!', 'Well done!', 'Exactly!']})
Zero = is_workflow_actions_number(WFNumberActionNumber=0)
Best = dk_simonbs_DataJar_GetValueIntent(fallbackValues=Zero, keyPath='quiz.best')
Continents = is_workflow_actions_getvalueforkey(WFGetDictionaryValueType='All Keys', WFInput=World)
Pages = []
match menu(f'🌍 Best score so far: {Best}'):
    case 'Play':
        Continent = is_workflow_actions_choosefromlist(WFChooseFromListActionPrompt='Which continent?', WFInput=Continents)
        Countries = is_workflow_actions_getvalueforkey(WFDictionaryKey=Continent, WFInput=World)
        Names = is_workflow_actions_getvalueforkey(WFGetDictionaryValueType='All Keys', WFInput=Countries)
        Score = Zero
        for Repeat_Index in range(1, Settings['rounds'] + 1):
            Country = is_workflow_actions_getitemfromlist(WFInput=Names, WFItemSpecifier='Random Item')
            Facts = is_workflow_actions_getvalueforkey(WFDictionaryKey=Country, WFInput=Countries)
            Answer = is_workflow_actions_ask(WFAskActionPrompt=f'{Repeat_Index}. What is the capital of {Country}?')
            if not Answer and Settings['hints'] == 1:
                Second_Try = is_workflow_actions_ask(WFAskActionPrompt=f"💡 {Facts['hint']} What is the capital of {Country}?")
                Guess = Second_Try
            else:
                Guess = Answer
            Clean_Guess = is_workflow_actions_text_changecase(WFCaseType='Capitalize Every Word', text=Guess)
            if Clean_Guess == f"{Facts['capital']}":
                Cheer = is_workflow_actions_getitemfromlist(WFInput=Settings['cheers'], WFItemSpecifier='Random Item')
                New_Score = is_workflow_actions_math(WFInput=Score, WFMathOperand=Facts['points'])
                Score = New_Score
                is_workflow_actions_notification(WFNotificationActionBody=f"🎉 {Cheer} {Facts['points']} more: {Score}", WFNotificationActionSound=False)
            elif otherwise_if(Facts['capital'] in Clean_Guess):
                Half_Point = is_workflow_actions_math(WFInput=Score, WFMathOperand=0.5)
                Score = Half_Point
                is_workflow_actions_notification(WFNotificationActionBody=f'👍 Almost. Half a point: {Score}', WFNotificationActionSound=False)
            else:
                is_workflow_actions_alert(WFAlertActionMessage=f"The capital of {Country} is {Facts['capital']}.", WFAlertActionTitle=f'Not {Guess} 😕')
        if Score > Best:
            dk_simonbs_DataJar_SetValueIntent(keyPath='quiz.best', overwriteStrategy='alwaysAllow', values=Score)
            Ending = is_workflow_actions_gettext(WFTextActionText=f'🏆 {Score}, a new best!')
            Verdict = Ending
        elif Score == 0:
            Ending_2 = is_workflow_actions_gettext(WFTextActionText='🐌 No point this time. Look everything up and try again.')
            Verdict = Ending_2
        else:
            Ending_3 = is_workflow_actions_gettext(WFTextActionText=f'👏 {Score}; the best is still {Best}.')
            Verdict = Ending_3
        is_workflow_actions_showresult(Text=Verdict)
    case 'Look everything up':
        for Repeat_Index, Repeat_Item in enumerate(Continents, start=1):
            Members = is_workflow_actions_getvalueforkey(WFDictionaryKey=Repeat_Item, WFInput=World)
            Member_Names = is_workflow_actions_getvalueforkey(WFGetDictionaryValueType='All Keys', WFInput=Members)
            for Repeat_Index_2, Repeat_Item_2 in enumerate(Member_Names, start=1):
                Details = is_workflow_actions_getvalueforkey(WFDictionaryKey=Repeat_Item_2, WFInput=Members)
                is_workflow_actions_gettext(WFTextActionText=f"{Repeat_Index}.{Repeat_Index_2} {Repeat_Item_2}: {Details['capital']}")
            Member_Lines = repeat_results()
            Page = is_workflow_actions_gettext(WFTextActionText=f'🗺️ {Repeat_Item}\n{Member_Lines}')
            Pages += [Page]
        Book = is_workflow_actions_text_combine(WFTextCustomSeparator='\n\n', WFTextSeparator='Custom', text=Pages)
        is_workflow_actions_showresult(Text=Book)
    case _ if item(f'Forget the best score of {Best}'):
        dk_simonbs_DataJar_DeleteValueIntent(errorWhenValueNotFound=False, keyPath='quiz.best')
        is_workflow_actions_notification(WFNotificationActionBody='Forgotten. Everyone starts at zero 🌱')
