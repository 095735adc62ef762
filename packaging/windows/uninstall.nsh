; The same for NSIS: !include this file, then the uninstaller stops when the program refuses.
Function un.onInit
  ExecWait '"$INSTDIR\posapp.exe" uninstall --why "the program is removed"' $0
  StrCmp $0 0 may_leave
  MessageBox MB_ICONSTOP "Не всё отправлено в Битрикс, или касса открыта. Закройте окно кассы, выполните «posapp sync --once» и «posapp resolve», потом удаляйте. Данные остаются на месте."
  Abort
may_leave:
FunctionEnd
