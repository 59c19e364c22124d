@echo off
rem SPDX-License-Identifier: MIT
rem CONNTRAIL_REDIRECT for redirect.bpf.c, see docs/windows.md:
rem   redirect.cmd 127.0.0.1 PORT   its IPv4 connections go to this port
rem   redirect.cmd off              they pass
rem A port in network byte order is its higher byte, then its lower one.
set port=%2
if "%1"=="off" set port=0
set /a high=%port% / 256
set /a low=%port% - %high% * 256
bpftool map update name proxy_ports key 0 0 0 0 value %high% %low% 0 0
