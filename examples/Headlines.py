workflow(types=['NCWidget'])
'Reads a news feed in JSON and opens the stories you pick.'
Feed = is_workflow_actions_downloadurl(WFURL='https://news.example.com/feed.json')
Stories = is_workflow_actions_getvalueforkey(WFDictionaryKey='items', WFInput=Feed)
Nothing_Yet = is_workflow_actions_dictionary()
Links = Nothing_Yet
for Repeat_Index, Repeat_Item in enumerate(Stories, start=1):
    if 'sponsored' not in Repeat_Item['tags']:
        Updated = is_workflow_actions_setvalueforkey(WFDictionary=Links, WFDictionaryKey=f"{Repeat_Index} 📰 {Repeat_Item['title']}", WFDictionaryValue=Repeat_Item['url'])
        Links = Updated
Titles = is_workflow_actions_getvalueforkey(WFGetDictionaryValueType='All Keys', WFInput=Links)
Picked = is_workflow_actions_choosefromlist(WFChooseFromListActionPrompt=Feed['title'], WFChooseFromListActionSelectMultiple=True, WFInput=Titles)
for Repeat_Item in Picked:
    Link = is_workflow_actions_getvalueforkey(WFDictionaryKey=Repeat_Item, WFInput=Links)
    is_workflow_actions_openurl(WFInput=Link)
