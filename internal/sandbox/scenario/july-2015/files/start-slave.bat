@echo off
rem Started by the scheduler at boot.
net start stunnel
cd /d C:\bot
C:\Python27\Scripts\buildslave.bat start slave
