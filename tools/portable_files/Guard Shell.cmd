@echo off
rem A window in which the word guard works.
title MT5 Guard: commands
set "PATH=%~dp0bin;%PATH%"
if "%GUARD_HOME%"=="" cd /d "%USERPROFILE%"
echo Type  guard --help  to see the commands, such as:  guard doctor,  guard check,  guard status,  guard watch
echo.
if "%~1"=="" (cmd /k) else (guard %*)
