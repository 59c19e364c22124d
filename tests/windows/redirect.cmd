@echo off
rem SPDX-License-Identifier: MIT
rem CONNTRAIL_REDIRECT for redirect.bpf.c, see docs/how-to/windows-profile.md:
rem   redirect.cmd 127.0.0.1 PORT       its IPv4 connections (TCP) go to this port
rem   redirect.cmd 127.0.0.1 PORT udp   its IPv4 datagrams go to this port
rem   redirect.cmd off                  both pass
rem A port in network byte order is its higher byte, then its lower one.
set port=%2
if "%1"=="off" set port=0
set /a high=%port% / 256
set /a low=%port% - %high% * 256
if "%3"=="udp" goto udp
bpftool map update name proxy_ports key 0 0 0 0 value %high% %low% 0 0
if not "%1"=="off" goto end
:udp
bpftool map update name proxy_ports key 2 0 0 0 value %high% %low% 0 0
:end
