workflow(types=['Watch', 'NCWidget'])
'Converts a length, a weight or a temperature. Pick the kind, then the direction.'
Value = is_workflow_actions_ask(WFAskActionAllowsDecimalNumbers=True, WFAskActionPrompt='Which number?', WFInputType='Number')
match menu(f'What is {Value}? 📏'):
    case 'A length':
        match menu('From which unit?'):
            case 'Miles to kilometres':
                Miles = is_workflow_actions_measurement_create(WFMeasurementUnit=quantity(Value, 'mi'), WFMeasurementUnitType='Length')
                Kilometres = is_workflow_actions_measurement_convert(WFInput=Miles, WFMeasurementUnit={'WFNSUnitSymbol': 'km', 'WFNSUnitType': 'Length'}, WFMeasurementUnitType='Length')
                Answer = Kilometres
            case 'Kilometres to miles':
                Distance = is_workflow_actions_measurement_create(WFMeasurementUnit=quantity(Value, 'km'), WFMeasurementUnitType='Length')
                In_Miles = is_workflow_actions_measurement_convert(WFInput=Distance, WFMeasurementUnit={'WFNSUnitSymbol': 'mi', 'WFNSUnitType': 'Length'}, WFMeasurementUnitType='Length')
                Answer = In_Miles
            case 'Inches to centimetres':
                Inches = is_workflow_actions_measurement_create(WFMeasurementUnit=quantity(Value, 'in'), WFMeasurementUnitType='Length')
                Answer = Inches.in_unit('cm', 'Length')
    case 'A weight':
        match menu('From which unit?'):
            case 'Pounds to kilograms':
                Pounds = is_workflow_actions_measurement_create(WFMeasurementUnit=quantity(Value, 'lb'), WFMeasurementUnitType='Mass')
                Answer = Pounds.in_unit('kg', 'Mass')
            case 'Kilograms to pounds':
                Kilograms = is_workflow_actions_measurement_create(WFMeasurementUnit=quantity(Value, 'kg'), WFMeasurementUnitType='Mass')
                Answer = Kilograms.in_unit('lb', 'Mass')
    case 'A temperature':
        match menu('From which unit?'):
            case 'Fahrenheit to Celsius':
                Fahrenheit = is_workflow_actions_measurement_create(WFMeasurementUnit=quantity(Value, '°F'), WFMeasurementUnitType='Temperature')
                Answer = Fahrenheit.in_unit('°C', 'Temperature')
            case 'Celsius to Fahrenheit':
                Celsius = is_workflow_actions_measurement_create(WFMeasurementUnit=quantity(Value, '°C'), WFMeasurementUnitType='Temperature')
                Answer = Celsius.in_unit('°F', 'Temperature')
is_workflow_actions_setclipboard(WFInput=as_text(Answer))
is_workflow_actions_showresult(Text=f'{Value} is {Answer}. It is on the clipboard.')
