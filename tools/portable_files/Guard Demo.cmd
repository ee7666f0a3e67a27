@echo off
rem A simulated market: nothing real is touched.
title MT5 Guard: demo
"%~dp0python\python.exe" -m guard demo %*
set "code=%errorlevel%"
echo.
if not "%code%"=="0" echo The demo ended with code %code%.
if "%GUARD_NO_PAUSE%"=="" pause
exit /b %code%
