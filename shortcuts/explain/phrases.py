"""The phrases of sentences.py: the wording of common actions, and of the dialect's helpers and operators."""

from __future__ import annotations

import ast

# How common actions are put, by the end of their id: the first form whose parameters are all there is taken. Others are put by their title.
FORMS = {
    "addnewevent": "Add the event {WFCalendarItemTitle} to the calendar|Add an event to the calendar",
    "addnewreminder": "Add the reminder {WFCalendarItemTitle}|Add a reminder",
    "adjustdate": "Move {WFDate} by {WFAdjustOffsetPicker}|Adjust {WFDate}|Adjust the date",
    "adjustdate Add": "Move {WFDate} by {WFAdjustOffsetPicker}|Move {WFDate} {WFDuration} forward|Adjust {WFDate}|Adjust the date",
    "adjustdate Subtract": "Move {WFDate} {WFDuration} back|Adjust {WFDate}|Adjust the date",
    **{f"adjustdate Get Start of {unit.capitalize()}": f"Take the start of the {unit} of {{WFDate}}|Take the start of the {unit}"
       for unit in ("minute", "hour", "day", "week", "month", "year")},
    "airplanemode.set": "Turn airplane mode {OnValue}",
    "alert": "Show the alert {WFAlertActionMessage}|Show the alert {WFAlertActionTitle}|Show an alert",
    "appearance": "Set the appearance to {style}",
    "ask": "Ask {WFAskActionPrompt}|Ask for {WFInputType}|Ask for input",
    "base64encode": "{WFEncodeMode} {WFInput} as Base64|Encode {WFInput} as Base64|Encode it as Base64",
    "bluetooth.set": "Turn Bluetooth {OnValue}",
    "calculateexpression": "Work out {Input}",
    "choosefromlist": "Let the person choose from {WFInput}, asking {WFChooseFromListActionPrompt}"
                      "|Let the person choose from {WFInput}|Let the person choose from the list",
    "count": "Count the {WFCountType} in {Input}|Count {Input}|Count the items",
    "date": "Take the date {WFDateActionDate}|Take the current date",
    "delay": "Wait {WFDelayTime} seconds|Wait a second",
    "deletephotos": "Delete {photos}|Delete photos",
    "detect.dictionary": "Read {WFInput} as a dictionary|Read it as a dictionary",
    "detect.link": "Get the links in {WFInput}|Get the links in it",
    "detect.text": "Get the text of {WFInput}|Get its text",
    "dictionary": "Make {WFItems}|Make an empty dictionary",
    "dnd.set": "Turn the Focus {FocusModes} {Enabled}|Turn Focus {Enabled}",
    "documentpicker.open": "Get the file {WFGetFilePath}|Get a file from the folder {WFFile}|Get a file",
    "documentpicker.save": "Save {WFInput} as the file {WFFileDestinationPath}|Save {WFInput} as a file|Save it as a file",
    "downloadurl": "Send {WFJSONValues} to {WFURL} with {WFHTTPMethod}|Send {WFFormValues} to {WFURL} with {WFHTTPMethod}"
                   "|Send {WFRequestVariable} to {WFURL} with {WFHTTPMethod}|Send a {WFHTTPMethod} request to {WFURL}"
                   "|Send a {WFHTTPMethod} request|Get the contents of the address",
    "downloadurl GET": "Get what is at {WFURL}|Get the contents of the address",
    "exit": "Stop here",
    "file.append": "Add {WFInput} to the file {WFFilePath}",
    "file.append Prepend": "Put {WFInput} at the head of the file {WFFilePath}",
    "file.createfolder": "Create the folder {WFFilePath}",
    "file.delete": "Delete {WFInput}|Delete files",
    "file.getfoldercontents": "Get the files in {WFFolder}|Get the files in a folder",
    "file.move": "Move {WFFile} to {WFFolder}|Move {WFFile}|Move a file",
    "flashlight": "Turn the flashlight {state}",
    "folder": "Take the folder {WFFolder}|Take a folder",
    "format.date": "Write {WFDate} as {WFDateFormat}|Write {WFDate} in the style {WFDateFormatStyle}|Write {WFDate} as text"
                   "|Write the date as text",
    "generatebarcode": "Make a QR code of {WFText}|Make a QR code",
    "getclipboard": "Take what is on the clipboard",
    "getcurrentlocation": "Find out where the device is",
    "getdirections": "Show directions",
    "getitemfromlist": "Take item {WFItemIndex} of {WFInput}|Take the {WFItemSpecifier} of {WFInput}|Take the first item of {WFInput}"
                       "|Take the first item of the list",
    "getlastphoto": "Get the last {WFGetLatestPhotoCount} photos|Get the last photo",
    "gettext": "Write the text {WFTextActionText}|Take an empty text",
    "gettraveltime": "Find out how long the way to {WFDestination} takes|Find out how long the way takes",
    "getvalueforkey": "Look up {WFDictionaryKey} in {WFInput}|Get {WFGetDictionaryValueType} of {WFInput}|Look up {WFDictionaryKey}"
,
    "getvariable": "Take {WFVariable}",
    "image.resize": "Resize {WFImage}|Resize the image",
    "list": "Make {WFItems}",
    "lowpowermode.set": "Turn Low Power Mode {OnValue}",
    "makepdf": "Make a PDF of {WFInput}|Make a PDF",
    "math": "Calculate {WFInput} {WFMathOperation} {WFMathOperand}|Calculate with {WFInput}",
    "nothing": "Pass on nothing",
    "notification": "Show the notification {WFNotificationActionBody}|Show a notification",
    "number": "Take the number {WFNumberActionNumber}",
    "number.random": "Pick a random number from {WFRandomNumberMinimum} to {WFRandomNumberMaximum}|Pick a random number",
    "openapp": "Open the app {WFAppIdentifier}",
    "openurl": "Open {WFInput}|Open the address",
    "output": "Stop and hand over {WFOutput}|Stop and hand over the result",
    "playmusic": "Play {WFMediaItems}|Play music",
    "previewdocument": "Show {WFInput} in Quick Look|Show it in Quick Look",
    "removeevents": "Remove {WFInputEvents}|Remove events",
    "removereminders": "Remove {WFInputReminders}|Remove reminders",
    "round": "Round {WFInput} to {WFRoundTo}|Round {WFInput}|Round the number",
    "runworkflow": "Run the shortcut {WFWorkflowName} with {WFInput}|Run the shortcut {WFWorkflowName}|Run another shortcut",
    "savetocameraroll": "Save {WFInput} to the photo library|Save it to the photo library",
    "searchweb": "Search the web for {WFInputText}|Search the web",
    "selectphoto": "Let the person select photos",
    "sendemail": "Send the e-mail {WFSendEmailActionSubject}|Send an e-mail",
    "sendmessage": "Send the message {WFSendMessageContent}",
    "setbrightness": "Set the brightness to {WFBrightness}|Set the brightness",
    "setclipboard": "Copy {WFInput} to the clipboard|Copy it to the clipboard",
    "setitemname": "Rename {WFInput} to {WFName}|Rename it to {WFName}",
    "setvalueforkey": "Set {WFDictionaryKey} to {WFDictionaryValue} in {WFDictionary}|Set {WFDictionaryKey} to {WFDictionaryValue}",
    "setvolume": "Set the volume to {WFVolume}|Set the volume",
    "share": "Share {WFInput}|Share it",
    "showresult": "Show {Text}",
    "speaktext": "Say {WFText} aloud|Say it aloud",
    "statistics": "Find the {WFStatisticsOperation} of {Input}",
    "takephoto": "Take a photo",
    "takescreenshot": "Take a screenshot",
    "text.changecase": "Change {text} to {WFCaseType}",
    "text.combine": "Join {text} with {WFTextCustomSeparator}|Join {text} with {WFTextSeparator}|Join {text} into one text",
    "text.match": "Find {WFMatchTextPattern} in {text}|Find {WFMatchTextPattern}",
    "text.replace": "Replace {WFReplaceTextFind} with {WFReplaceTextReplace} in {WFInput}|Remove {WFReplaceTextFind} from {WFInput}"
                    "|Replace {WFReplaceTextFind} with {WFReplaceTextReplace}",
    "text.split": "Split {text} at {WFTextCustomSeparator}|Split {text} at {WFTextSeparator}|Split {text} into lines",
    "text.translate": "Translate {WFInputText}|Translate it",
    "timer.start": "Start a timer for {WFDuration}|Start a timer",
    "url": "Take the address {WFURLActionURL}",
    "urlencode": "Make {WFInput} safe for an address|Make it safe for an address",
    "venmo.pay": "Pay {WFVenmoActionAmount}|Pay",
    "venmo.request": "Ask for a payment of {WFVenmoActionAmount}|Ask for a payment",
    "vibrate": "Vibrate",
    "weather.currentconditions": "Get the current weather",
    "weather.forecast": "Get the weather forecast",
    "wifi.set": "Turn Wi-Fi {OnValue}",
}  # fmt: skip
# A parameter whose value has a form of its own, or its default where it is left out: "downloadurl GET".
CHOICES = {"adjustdate": "WFAdjustOperation", "downloadurl": "WFHTTPMethod", "file.append": "WFAppendFileWriteMode"}
# What else decides what is sent, deleted, overwritten, scheduled or paid: said after the form where it is given, "not" where it is off.
MORE = {
    "addnewevent": {"WFCalendarItemStartDate": " from {}", "WFCalendarItemEndDate": " until {}",
                    "WFCalendarItemAllDay": ", for the whole day"},
    "addnewreminder": {"WFCalendarItemCalendar": " to the list {}", "WFCalendarDescriptor": " to the list {}",
                       "WFAlertCustomTime": ", with an alert: {}", "WFAlertLocation": ", with an alert at a place",
                       "WFAlertPerson": ", with an alert when the person writes to {}", "WFPriority": ", with priority {}"},
    "dnd.set": {"Time": " until {}"},
    "documentpicker.save": {"WFSaveFileOverwrite": ", replacing one of that name"},
    "file.delete": {"WFDeleteImmediatelyDelete": ", for good", "not WFDeleteFileConfirmDeletion": ", without asking"},
    "file.move": {"WFReplaceExisting": ", replacing one of that name"},
    "removeevents": {"WFCalendarIncludeFutureEvents": ", and those that repeat them later"},
    "savetocameraroll": {"WFCameraRollSelectedGroup": ", in the album {}"},
    "sendemail": {"WFSendEmailActionToRecipients": " to {}", "WFSendEmailActionCcRecipients": ", with copies to {}",
                  "WFSendEmailActionBccRecipients": ", with hidden copies to {}", "WFSendEmailActionInputAttachments": ", with {}",
                  "WFSendEmailActionSaveAsDraft": ", as a draft", "not WFSendEmailActionShowComposeSheet": ", without asking"},
    "sendmessage": {"WFSendMessageActionRecipients": " to {}", "not ShowWhenRun": ", without asking"},
    "setclipboard": {"WFExpirationDate": " until {}"},
    "venmo.pay": {"WFVenmoActionRecipients": " to {}", "WFVenmoActionNote": ", with the note {}"},
    "venmo.request": {"WFVenmoActionRecipients": " by {}", "WFVenmoActionNote": ", with the note {}"},
}  # fmt: skip
# Labels of parameters that decide, which come first of the few that are said of an action without a form.
DECIDES = ("amount|recipient|payee|destination|overwrite|replac|delet|confirm|immediately|administrator|method|host|date|time|mode|"
           "operation|state")  # fmt: skip
# The same for a request that gives no values, where the forms have none without.
NOUNS = {"gettext": "Put a text together", "url": "Use a web address", "number": "Work with a number",
         "dictionary": "Keep values under names", "list": "Keep a list", "previewdocument": "Show it in Quick Look",
         "appearance": "Set the appearance to {style}",
    "ask": "Ask me something", "alert": "Show an alert", "showresult": "Show the result",
         "math": "Calculate with it", "file": "Use a file", "date": "Use a date",
         "measurement.create": "Use a measurement", "folder": "Use a folder"}  # fmt: skip
KEPT_AS = {"ask": "the answer", "choosefromlist": "the choice", "downloadurl": "the response"}  # else "it"
PROPER = frozenset("Safari Markdown Imgur Evernote Trello Dropbox Siri Mail Home Health Apple Focus Giphy Slack Todoist Things Bear "
                   "Tumblr Twitter Pinboard Instapaper Pocket Finder Wikipedia Reddit Mastodon".split())
GLOBALS = {
    "shortcut_input": "the shortcut's input", "current_date": "the current date", "clipboard": "the clipboard",
    "device_details": "the device's details", "ask_each_time": "what the person enters",
    "ask_on_import": "the answer given when it is added", "current_app": "the current app", "action_input": "the input",
    "previous_output": "the previous result",
}  # fmt: skip
COMPARISONS = {ast.Eq: "is", ast.NotEq: "is not", ast.Lt: "is less than", ast.LtE: "is at most", ast.Gt: "is greater than",
               ast.GtE: "is at least", ast.In: "contains", ast.NotIn: "does not contain"}  # fmt: skip
# Operators of a filter's rules that are no words.
OPERATORS = {"==": "is", "!=": "is not", "<": "is less than", "<=": "is at most", ">": "is greater than", ">=": "is at least"}
# Helpers around conditions, and what joins those within.
JOINED = {"when": "", "legacy": "", "leftover": "", "otherwise_if": "", "single": " and ", "all_of": " and ", "any_of": " or "}
# Helpers that a reader need not hear of: their first argument says it all.
TRANSPARENT = frozenset((
    "later variable number boolean dictionary plain item datetime array contacts file_field enumeration enumeration_choice array_choice "
    "boolean_choice case_choice date_choice dictionary_choice number_choice number_text_choice option_choice phrase_choice string_choice "
    "unit_choice").split())  # fmt: skip

# Where a shortcut appears, by the words of its header.
PLACES = {
    "WatchKit": "on the Apple Watch", "Watch": "on the Apple Watch", "NCWidget": "in a widget", "ActionExtension": "in the share sheet",
    "QuickActions": "among the quick actions", "MenuBar": "in the menu bar", "Sleep": "for the sleep schedule",
    "ReceivesOnScreenContent": "for what is on the screen", "WFWorkflowTypeShowInSearch": "in Search",
    "WFWorkflowTypeReceivesInputFromSearch": "in Search",
}  # fmt: skip
# Actions that give something away, by the end of their id, and to whom.
SENDS = {
    "downloadurl": "to the server", "sendmessage": "in a message", "sendemail": "in an e-mail", "share": "to whom the share sheet sends it",
    "airdropdocument": "by AirDrop", "openurl": "in the address that is opened", "searchweb": "to a search engine",
    "showwebpage": "to the server", "getwebpagecontents": "to the server", "getarticle": "to the server",
    "runsshscript": "to a machine by SSH", "text.translate": "to a translator", "askllm": "to a language model",
}  # fmt: skip
# Data of the person, by the beginning of the function that gives it.
PRIVATE = {
    "getclipboard": "the clipboard", "clipboard": "the clipboard", "getcurrentlocation": "where the device is",
    "shortcut_input": "what the shortcut is given", "ask_each_time": "what the person enters",
    "ask_on_import": "the answer given when it is added", "ask": "what the person enters", "dictatetext": "what the person says",
    "device_details": "details of the device", "getipaddress": "the address of the device", "filter_contacts": "contacts",
    "selectcontacts": "contacts", "filter_photos": "photos", "selectphoto": "photos", "getlastphoto": "photos", "takephoto": "photos",
    "takescreenshot": "the screen", "getlastscreenshot": "the screen", "filter_calendarevents": "calendar events",
    "getupcomingevents": "calendar events", "filter_reminders": "reminders", "filter_health": "health data", "filter_notes": "notes",
    "documentpicker_open": "a file", "file_select": "a file", "gettraveltime": "the travel time", "getwifi": "details of the network",
    "recordaudio": "a recording",
}  # fmt: skip
