@echo off
rem The first time: a few questions. Then: watch the account of the running MetaTrader 5 terminal until Ctrl-C.
title MT5 Guard
setlocal
if "%GUARD_HOME%"=="" set "GUARD_HOME=%LOCALAPPDATA%\MT5Guard"
if exist "%GUARD_HOME%\guard.toml" goto watch
echo There is no configuration yet. A few questions; Enter takes what stands in brackets.
echo.
"%~dp0python\python.exe" -m guard config init -o "%GUARD_HOME%\guard.toml"
if errorlevel 1 goto failed
echo.
:watch
echo Watching with %GUARD_HOME%\guard.toml. Ctrl-C stops.
"%~dp0python\python.exe" -m guard run %*
:failed
set "code=%errorlevel%"
echo.
if not "%code%"=="0" echo The guard ended with code %code%. "Guard Shell" and then "guard doctor" tells more.
if "%GUARD_NO_PAUSE%"=="" pause
exit /b %code%
