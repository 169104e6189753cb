workflow(types=['Watch', 'NCWidget'])
'Adds things to the shopping list in Data Jar: say them or type them, one after another with commas.'
match menu('🛒 What do you need?'):
    case 'Say it':
        is_workflow_actions_dictatetext(WFDictateTextStopListening='After Short Pause')
    case 'Type it':
        is_workflow_actions_ask(WFAllowsMultilineText=True, WFAskActionPrompt='What do you need?')
    case 'From the clipboard':
        is_workflow_actions_getclipboard()
Wanted = menu_result()
Things = is_workflow_actions_text_split(WFTextCustomSeparator=',', WFTextSeparator='Custom', text=Wanted)
On_List = dk_simonbs_DataJar_GetValueIntent(keyPath='shopping')
for Repeat_Item in Things:
    if Repeat_Item not in On_List:
        dk_simonbs_DataJar_InsertValueInArrayIntent(insertionPoint='end', keyPath='shopping', valueConversionMode='text', values=Repeat_Item)
Number_of_Things = dk_simonbs_DataJar_GetChildCountIntent(keyPath='shopping')
is_workflow_actions_notification(WFNotificationActionBody=f'🛒 {Number_of_Things} things on the list now', WFNotificationActionSound=False)
