"""Other right programs for some tasks, as a Python programmer writes them: the checks must ask for nothing that only the reference does."""

# ruff: noqa: E501 (a program reads better unbroken)

ANSWERS = {
    "split-bill-rounded-up": """
import math
bill = float(input('Bill?'))
n = int(input('People?'))
print(math.ceil(bill / n))
""",
    "celsius-to-fahrenheit": """
c = float(input('Celsius'))
f = c * 9 / 5 + 32
print(f'{c} is {f}')
""",
    "shout-the-clipboard": """
is_workflow_actions_setclipboard(WFInput=clipboard().upper())
""",
    "shopping-list-to-reminders": """
for line in clipboard().splitlines():
    if line.strip():
        is_workflow_actions_addnewreminder(WFCalendarItemTitle=line.strip())
""",
    "longest-word": """
best = ''
for w in shortcut_input().split(' '):
    if len(w) > len(best):
        best = w
print(best)
""",
    "fizzbuzz": """
out = []
for i in range(1, 16):
    if i % 15 == 0:
        out.append('FizzBuzz')
    elif i % 3 == 0:
        out.append('Fizz')
    elif i % 5 == 0:
        out.append('Buzz')
    else:
        out.append(i)
print('\\n'.join(out))
""",
    "snake-case": """
is_workflow_actions_setclipboard(WFInput=clipboard().lower().replace(' ', '_'))
""",
    "palindrome": """
w = input('Word?').lower()
if w == ''.join(reversed(list(w))):
    print('palindrome')
else:
    print('no')
""",
    "average-of-three": """
a = float(input('1'))
b = float(input('2'))
c = float(input('3'))
print((a + b + c) / 3)
""",
    "initials": """
out = ''
for w in input('Name?').split(' '):
    out += w[0].upper()
print(out)
""",
    "greeting-by-hour": """
hour = int(current_date().formatted('HH'))
if hour < 12:
    is_workflow_actions_speaktext(WFText='Good morning')
elif hour < 18:
    is_workflow_actions_speaktext(WFText='Good afternoon')
else:
    is_workflow_actions_speaktext(WFText='Good evening')
""",
    "count-water": """
n = dk_simonbs_DataJar_GetValueIntent(keyPath='water')
new = int(n) + 1
dk_simonbs_DataJar_SetValueIntent(keyPath='water', values=new)
is_workflow_actions_notification(WFNotificationActionBody=f'{new}')
""",
    "github-stars": """
d = requests.get('https://api.example.org/repos/shop/app').json()
print(d['stargazers_count'])
""",
    "leap-year": """
y = int(input('Year?'))
if (y % 4 == 0 and y % 100 != 0) or y % 400 == 0:
    print('yes')
else:
    print('no')
""",
    "weekend-or-not": """
d = current_date().formatted('EEEE')
if d in ['Saturday', 'Sunday']:
    print('weekend')
else:
    print('workday')
""",
    "days-until-date": """
d = is_workflow_actions_ask(WFAskActionPrompt='Date?', WFInputType='Date')
n = is_workflow_actions_gettimebetweendates(WFTimeUntilFromDate=current_date(), WFInput=d, WFTimeUntilUnit='Days')
print(f'{n} days left')
""",
    "confirm-before-text": """
m = input('Message?')
choice = is_workflow_actions_choosefromlist(WFInput=['Send', "Don't send"], WFChooseFromListActionPrompt='Send?')
if choice == 'Send':
    is_workflow_actions_sendmessage(WFSendMessageContent=m, WFSendMessageActionRecipients='+442079460018')
""",
    "unique-lines": """
seen = []
for line in clipboard().split('\\n'):
    if line not in seen:
        seen.append(line)
is_workflow_actions_setclipboard(WFInput='\\n'.join(seen))
""",
    "no-answer-from-api": """
d = requests.get('https://api.example.org/price').json()
if d['price']:
    print(d['price'])
else:
    print('No price')
""",
    "journal-in-notes": """
a = input('How was your day?')
com_apple_mobilenotes_SharingExtension(WFCreateNoteInput=f"Journal {current_date().formatted('dd.MM.yyyy')}\\n{a}")
""",
    "append-to-log": """
t = input('What?')
old = is_workflow_actions_documentpicker_open(WFGetFilePath='log.txt', WFFileErrorIfNotFound=False)
is_workflow_actions_file_append(WFFilePath='log.txt', WFInput=f"{current_date().formatted('yyyy-MM-dd')} {t}")
""",
    "guess-the-number": """
done = 0
for i in range(3):
    if done == 0:
        g = int(input('?'))
        if g == 7:
            print('Right!')
            done = 1
if done == 0:
    print('It was 7')
""",
    "expenses-by-category": """
a = float(input('Amount?'))
c = is_workflow_actions_choosefromlist(WFInput=['Food', 'Travel', 'Fun'])
k = c.lower()
old = dk_simonbs_DataJar_GetValueIntent(keyPath=k)
new = float(old) + a
dk_simonbs_DataJar_SetValueIntent(keyPath=k, values=new)
print(new)
""",
    "only-undone-from-api": """
for t in requests.get('https://api.example.org/tasks').json():
    if t['status'] == 'open':
        is_workflow_actions_addnewreminder(WFCalendarItemTitle=t['name'])
""",
    "unlock-the-car": """
'Missing: no function can unlock a car.'
""",
    "discount-price": """
p = float(input('Price'))
d = float(input('Percent'))
print(f'{p - p * d / 100:.2f}')
""",
    "random-from-list": """
import random
print(random.choice(['Pizza', 'Sushi', 'Curry', 'Salad']))
""",
    "dice": """
import random
a = random.randint(1, 6)
b = random.randint(1, 6)
print(f'{a} + {b} = {a + b}')
""",
    "extract-hashtags": """
import re
is_workflow_actions_setclipboard(WFInput=' '.join(re.findall(r'#\\w+', shortcut_input())))
""",
    "events-today": """
e = is_workflow_actions_filter_calendarevents(WFContentItemFilter=filter_all(rule('Start Date', 'is today')))
for x in e:
    print(x.Title)
""",
    "how-many-open-reminders": """
r = is_workflow_actions_filter_reminders(WFContentItemFilter=filter_all(rule('Is Completed', '==', Bool=False)))
print(f'You have {len(r)} open reminders')
""",
}
