"""Effects that a shortcut may have, read from its actions alone."""

from __future__ import annotations

import re

import pytest

from shortcuts import to_shortcut
from shortcuts.catalog import Catalog
from shortcuts.effects import BUILTIN, FROM_HERE, KINDS, MORE, OTHERS, TABLE, effects, of_action, summary
from shortcuts.effects.permissions import permissions

# Actions of the app that do nothing to the outside, as do all properties.*.
HARMLESS = frozenset("""
addframetogif additemtolist address adjustdate alert appendvariable ask avairyeditphoto base64encode calculateexpression choosefromlist
choosefrommenu comment compresspdf conditional contacts converttimezone correctspelling count date debug.contentattribution delay
detect.address detect.contacts detect.date detect.dictionary detect.emailaddress detect.images detect.link detect.number detect.phonenumber
detect.text detectlanguage dictionary dismisssiri dnd.getfocus email encodemedia exit extracttextfromimage file filter.articles
filter.displays filter.eventattendees filter.files filter.images filter.locations filter.vpns folder format.date format.filesize
format.number generatebarcode getbatterylevel getclassaction getdevicedetails getframesfromimage gethtmlfromrichtext getitemfromlist
getitemname getitemtype getmapslink getmarkdownfromrichtext getnameofemoji getparentdirectory getrichtextfrommarkdown getstoredcontent
gettext gettextfrompdf gettimebetweendates gettypeaction geturlcomponent getvalueforkey getvariable handoff hash image.combine
image.convert image.convert.finder image.crop image.flip image.mask image.removebackground image.resize image.rotate input list location
makediskimage makegif makeimagefrompdfpage makeimagefromrichtext makepdf makespokenaudiofromtext makevideofromgif makezip math
measurement.convert measurement.create nothing notification number number.random output overlayimageonimage overlaytext phonenumber
playsound posters.get previewdocument repeat.count repeat.each round setitemname setvalueforkey setvariable showdefinition showresult
speaktext splitpdf statistics text.changecase text.combine text.match text.match.getgroup text.replace text.split text.trimwhitespace
trimvideo unzip url urlencode vibrate viewresult vpn.get waittoreturn
""".split())


@pytest.mark.parametrize(("code", "kind", "sentence"), [
    ("@sendmessage(WFSendMessageContent='hi')", "sends", "Sends the message 'hi'"),
    ("x = @ask(WFAskActionPrompt='What?')\n@sendmessage(WFSendMessageContent=x)", "sends", "Sends a message"),
    ("x = @ask(WFAskActionPrompt='Who?')\n@sendmessage(WFSendMessageContent=f'Dear {x}')", "sends", "Sends the message 'Dear …'"),
    ("@file_delete(WFInput=shortcut_input())", "deletes", "Deletes files"),
    ("@file_delete(WFInput=shortcut_input(), WFDeleteFileConfirmDeletion=False)", "deletes", "Deletes files, without asking"),
    ("@file_delete(WFInput=shortcut_input(), WFDeleteImmediatelyDelete=True, WFDeleteFileConfirmDeletion=True)", "deletes",
     "Deletes files, for good"),
    ("@deletephotos(photos=shortcut_input())", "deletes", "Deletes photos"),
    ("@getcurrentlocation()", "reads", "Reads your location"),
    ("@showresult(Text=f'{clipboard()}')", "reads", "Reads the clipboard"),
    ("@getclipboard()", "reads", "Reads the clipboard"),
    ("@filter_contacts()", "reads", "Reads your contacts"),
    ("@health_quantity_log()", "changes", "Adds to your Health data"),
    ("@downloadurl(WFURL='https://a.example/x')", "requests", "Gets data from a.example"),
    ("@downloadurl(WFURL='https://a.example/x', WFHTTPMethod='POST')", "uploads", "Sends data to a.example"),
    ("u = @url(WFURLActionURL='https://a.example')\n@downloadurl(WFURL=u)", "requests", "Gets data from a.example"),
    ("u = @ask(WFAskActionPrompt='Where?')\n@downloadurl(WFURL=u)", "requests", "Gets data from a server"),
    ("q = @ask(WFAskActionPrompt='What?')\n@downloadurl(WFURL=f'https://a.example/?q={q}')", "requests",
     "Gets data from a.example by an address with variables in it"),
    ("h = @ask(WFAskActionPrompt='Where?')\n@downloadurl(WFURL=f'https://{h}/x', WFHTTPMethod='POST')", "uploads", "Sends data to a server"),
    ("u = 'https://a.example/x'\nv = @detect_link(WFInput=u)\n@downloadurl(WFURL=v)", "requests", "Gets data from a.example"),
    ("@url(WFURLActionURL='https://a.example/x')\n@downloadurl(WFHTTPMethod='POST')", "uploads", "Sends data to a.example"),
    ("@askllm(WFLLMPrompt='a', WFLLMModel='ChatGPT')", "uploads", "Gives a text to ChatGPT"),
    ("@askllm(WFLLMPrompt='a', WFLLMModel='Apple Intelligence on Device')", "asks", "Asks the language model on the device"),
    ("com_omnigroup_OmniFocus2_iPhone_newitem()", "asks", "Uses the app OmniFocus"),
    ("@runshellscript(Script='rm -rf x')", "runs", "Runs the shell script 'rm -rf x'"),
    ("@openapp(WFAppIdentifier='com.apple.Maps')", "opens", "Opens the app 'com.apple.Maps'"),
    ("@wifi_set(OnValue=False)", "changes", "Changes a setting: Set Wi-Fi"),
    ("com_apple_mobilephone_call()", "sends", "Calls somebody"),
    ("u = @url(WFURLActionURL='tel:+15550100')\n@openurl(WFInput=u)", "opens", "Opens 'tel:+15550100'"),
    ("@sirikit_donation_handle(ShowWhenRun=False)", "asks", "Has an app do what Siri can ask it for"),
    ("@cloudapp_upload()", "uploads", "Uploads a file to CloudApp"),
    ("@ride_requestride()", "pays", "Orders a ride"),
    ("@print()", "changes", "Prints"),
    ("@intercom(WFInput='Dinner')", "sends", "Announces the message 'Dinner' in your home"),
    ("@lockscreen()", "changes", "Locks the screen"),
    ("@display_always_on_set()", "changes", "Changes a setting: Set Always On Display"),
    ("@location(WFLocation={'isCurrentLocation': True})", "reads", "Reads your location"),
    ("@downloadurl(WFURL='https://a.example/x', WFHTTPHeaders={})", "requests", "Gets data from a.example"),
    ("@downloadurl(WFURL='https://a.example/x', WFHTTPHeaders={'a': 'b'})", "uploads", "Sends data to a.example"),
])  # fmt: skip
def test_an_effect_is_named(code: str, kind: str, sentence: str) -> None:
    shortcut = to_shortcut(code.replace("@", "is_workflow_actions_"))
    assert (kind, sentence) in [(effect.kind, effect.sentence) for effect in effects(shortcut)]
    assert sentence in summary(shortcut)


@pytest.mark.parametrize(("code", "location"), [
    ("@weather_currentconditions()", True), ("@weather_currentconditions(WFWeatherCustomLocation={'isCurrentLocation': True})", True),
    ("@weather_forecast(WFWeatherCustomLocation={'placemark': {'addressDictionary': {'City': 'Paris'}}})", False),
    ("a = @ask(WFAskActionPrompt='Where?')\n@weather_currentconditions(WFWeatherCustomLocation=a)", False),
    ("a = @ask(WFAskActionPrompt='Where?')\n@gettraveltime(WFDestination=a)", True),
    ("a = @ask(WFAskActionPrompt='Where?')\n@getdistance(WFGetDirectionsCustomLocation=a, WFGetDistanceDestination=a)", False),
    ("a = @ask(WFAskActionPrompt='Where?')\n"
     "@getdistance(WFGetDirectionsCustomLocation=a, WFGetDistanceDestination={'isCurrentLocation': True})", True),
    ("a = @ask(WFAskActionPrompt='Where?')\n@gethalfwaypoint(WFGetHalfwayPointFirstLocation=a, WFGetHalfwayPointSecondLocation=a)", False),
])  # fmt: skip
def test_the_location_is_read_where_no_other_place_is_given(code: str, location: bool) -> None:
    shortcut = to_shortcut(code.replace("@", "is_workflow_actions_"))
    assert any("Reads your location" in sentence for sentence in summary(shortcut)) is location
    assert ("Location" in [one.name for one in permissions(shortcut)]) is location


def test_what_stays_inside_has_no_effects() -> None:
    assert summary(to_shortcut("x = 'a'\nis_workflow_actions_showresult(Text=x)")) == []


def test_the_worst_comes_first_and_nothing_twice() -> None:
    code = "is_workflow_actions_getclipboard()\nis_workflow_actions_getclipboard()\nis_workflow_actions_sendmessage(WFSendMessageContent='hi')"
    assert summary(to_shortcut(code)) == ["Sends the message 'hi'", "Reads the clipboard"]


def test_a_variable_that_is_set_once_leads_to_its_address_and_one_that_is_set_twice_does_not() -> None:
    once = "u = 'https://a.example'\nfor _ in range(2):\n    u = 'https://a.example'\n"
    code = "is_workflow_actions_downloadurl(WFURL=u)\n"
    assert summary(to_shortcut(once + code)) == ["Gets data from a server"]
    shortcut = to_shortcut(once + code)
    shortcut["WFWorkflowActions"] = [action for index, action in enumerate(shortcut["WFWorkflowActions"]) if index < 2 or "downloadurl" in str(action)]
    assert summary(shortcut) == ["Gets data from a.example"]


def test_addresses_that_lead_in_a_circle_are_given_up() -> None:
    token = {"Value": {"Type": "ActionOutput", "OutputUUID": "A"}, "WFSerializationType": "WFTextTokenAttachment"}
    turning = {"WFWorkflowActionIdentifier": BUILTIN + "getvariable", "WFWorkflowActionParameters": {"UUID": "A", "WFVariable": token}}
    asking = {"WFWorkflowActionIdentifier": BUILTIN + "downloadurl", "WFWorkflowActionParameters": {"WFURL": token}}
    assert summary({"WFWorkflowActions": [turning, asking]}) == ["Gets data from a server"]


@pytest.mark.parametrize(("kind", "sentence"), [
    ("sends", "Uses the app Mastodon: Post on Mastodon"), ("sends", "Uses the app Mail: Forward Message"),
    ("deletes", "Uses the app Finder: Trash Items"),
])  # fmt: skip
def test_an_apps_action_has_the_kind_of_its_first_word(kind: str, sentence: str) -> None:
    title = sentence.partition(": ")[2]
    assert (kind, sentence) in [(effect.kind, effect.sentence) for effect in effects(
        {"WFWorkflowActions": [{"WFWorkflowActionIdentifier": api.id} for api in Catalog.load() if api.title == title]})]  # fmt: skip


def test_each_entry_is_an_action_of_the_catalogue_and_of_a_known_kind() -> None:
    catalog = Catalog.load()
    for action_id, (kind, _) in {**{BUILTIN + name: entry for name, entry in TABLE.items()}, **OTHERS}.items():
        assert action_id in catalog, action_id
        assert kind in KINDS


def test_a_sentence_is_filled_from_parameters_that_its_action_has() -> None:
    catalog = Catalog.load()
    for name, (_, forms) in TABLE.items():
        known = {parameter.key for parameter in catalog[BUILTIN + name].parameters}
        assert {*re.findall(r"\{(\w+)\}", forms), *MORE.get(name, {}), *filter(None, [FROM_HERE.get(name)])} <= known, name


def test_each_action_of_the_app_has_an_effect_or_is_known_to_have_none() -> None:
    catalog = Catalog.load()
    without = {api.id.removeprefix(BUILTIN) for api in catalog if api.id.startswith(BUILTIN) and not list(of_action(api.id, {}, catalog))}
    without = {name for name in without if not name.startswith("properties.")}
    assert without == HARMLESS | {"downloadurl"}  # whose effect is found by its address
