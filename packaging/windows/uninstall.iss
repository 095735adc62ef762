; For the Inno Setup script ([Code]): the uninstaller asks the program, and stops when it refuses (exit code not 0).
; The data directory and its copies are not in [UninstallDelete], and never will be.
function InitializeUninstall(): Boolean;
var
  Code: Integer;
begin
  Result := Exec(ExpandConstant('{app}\posapp.exe'), 'uninstall --why "the program is removed"', '', SW_HIDE,
    ewWaitUntilTerminated, Code) and (Code = 0);
  if not Result then
    MsgBox('Не всё отправлено в Битрикс, или касса открыта. Закройте окно кассы, выполните «posapp sync --once» и ' +
      '«posapp resolve», потом удаляйте. Данные остаются на месте.', mbError, MB_OK);
end;
