'Shows a QR code that a guest scans to join this Wi-Fi.'
Network_Name = is_workflow_actions_getwifi(WFWiFiDetail='Network Name')
Password = is_workflow_actions_gettext(WFTextActionText=ask_on_import('change-me', question='What is the password of your Wi-Fi?'))
QR_Code = is_workflow_actions_generatebarcode(WFQRErrorCorrectionLevel='High', WFText=f'WIFI:T:WPA;S:{Network_Name};P:{Password};;')
is_workflow_actions_previewdocument(WFInput=QR_Code)
