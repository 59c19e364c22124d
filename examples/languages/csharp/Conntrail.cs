// SPDX-License-Identifier: MIT
// conntrail for .NET: the C API of conntrail.h with exceptions, byte arrays and end points. UDP is left out.
//
//     IPEndPoint destination = Conntrail.OriginalDestination(accepted);
//     var outbound = new Socket(destination.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
//     Conntrail.TransferRecords(accepted, outbound);
//     outbound.Connect(destination);
//
// Needs libconntrail.so or conntrail.dll where the system finds libraries. The headers say what each call does.
using System;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace ConntrailNet
{
    /// <summary>status.h. The Outbound twin of a failure is Conntrail.OutboundOffset below it.</summary>
    public enum Status
    {
        Ok = 0,
        OkNothingToTransfer = 1,
        Fault = -1,
        Invalid = -2,
        NotSocket = -3,
        NotConnected = -4,
        InvalidMessage = -5,
        NotInitialised = -6,
        NotRedirected = -20,
        NoContext = -21,
        BufferTooSmall = -22,
        Limit = -23,
        UnknownLayout = -24,
        DataTruncated = -25,
        ControlTruncated = -26,
        WouldBlock = -27,
        Pending = -28,
        TimedOut = -29,
        TooLarge = -30,
        DestinationUnknown = -31,
        DestinationIsProxy = -32,
        Access = -40,
        InProgress = -41,
        Interrupted = -42,
        NetDown = -43,
        Aborted = -44,
        ConnectFailed = -45,
        Unreachable = -46,
        DestinationAccess = -47,
        Unknown = -59,
        NotSupported = -60,
        NoProtocolOption = -61,
        Multipath = -62,
        VersionMismatch = -63,
        NoMemory = -80,
    }

    /// <summary>A call that failed.</summary>
    public class ConntrailException : Exception
    {
        public Status Status { get; }
        /// <summary>Of a transfer: the outbound socket refused, and not the accepted one.</summary>
        public bool IsOutbound { get; }
        /// <summary>What conntrail_native_error() said.</summary>
        public uint Native { get; }

        internal ConntrailException(int status, uint native)
            : base(Marshal.PtrToStringAnsi(Calls.conntrail_status_sentence(status)))
        {
            Status = (Status)Calls.conntrail_status_cause(status);
            IsOutbound = status <= -Conntrail.OutboundOffset;
            Native = native;
        }
    }

    /// <summary>The layouts of one's own: an end point, or null for another layout.</summary>
    public delegate IPEndPoint ContextDecoder(byte[] context);

    internal static class Calls
    {
        private const string Library = "conntrail";

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        internal delegate int Decoder(IntPtr context, UIntPtr size, IntPtr destination, IntPtr argument);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern uint conntrail_version();
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern IntPtr conntrail_status_sentence(int status);
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int conntrail_status_cause(int status);
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern uint conntrail_native_error();
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int conntrail_query_records(
            IntPtr socket, byte[] buffer, UIntPtr capacity, ref UIntPtr size);
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int conntrail_query_context(
            IntPtr socket, byte[] buffer, UIntPtr capacity, ref UIntPtr size);
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int conntrail_set_records(IntPtr socket, byte[] records, UIntPtr size);
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int conntrail_transfer_records(IntPtr accepted, IntPtr outbound);
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int conntrail_original_destination_by(
            IntPtr accepted, IntPtr listener, Decoder decode, IntPtr argument, byte[] destination);
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int conntrail_decode_context(byte[] context, UIntPtr size, byte[] destination);
        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int conntrail_prepare_listener(IntPtr socket, uint flags);
    }

    public static class Conntrail
    {
        public const int LargestBlob = 65536;
        public const int UsualBlob = 1024;
        public const int OutboundOffset = 1000;
        public const uint ListenTransparent = 1;

        private const int StorageSize = 128;
        private static readonly IntPtr NoSocket = new IntPtr(-1);

        private delegate int Query(IntPtr socket, byte[] buffer, UIntPtr capacity, ref UIntPtr size);

        /// <summary>0x00MMmmpp</summary>
        public static uint Version() => Calls.conntrail_version();

        private static int Check(int status)
        {
            if (status < 0)
            {
                throw new ConntrailException(status, Calls.conntrail_native_error());
            }
            return status;
        }

        private static byte[] Ask(Query query, Socket accepted)
        {
            var found = new byte[UsualBlob];
            UIntPtr size = UIntPtr.Zero;
            int status = query(accepted.Handle, found, (UIntPtr)found.Length, ref size);
            if (status == (int)Status.BufferTooSmall)
            {
                found = new byte[LargestBlob];
                status = query(accepted.Handle, found, (UIntPtr)found.Length, ref size);
            }
            GC.KeepAlive(accepted);
            if (status == (int)Status.NotRedirected || status == (int)Status.NoContext)
            {
                return null;
            }
            Check(status);
            Array.Resize(ref found, (int)size);
            return found;
        }

        /// <summary>The redirect records of an accepted connection; null if it was not redirected.</summary>
        public static byte[] QueryRecords(Socket accepted) => Ask(Calls.conntrail_query_records, accepted);

        /// <summary>The redirect context of an accepted connection; null if it has none.</summary>
        public static byte[] QueryContext(Socket accepted) => Ask(Calls.conntrail_query_context, accepted);

        /// <summary>Before the socket connects.</summary>
        public static void SetRecords(Socket outbound, byte[] records)
        {
            Check(Calls.conntrail_set_records(outbound.Handle, records, (UIntPtr)records.Length));
            GC.KeepAlive(outbound);
        }

        /// <summary>Whether there were records. Before the outbound socket connects.</summary>
        public static bool TransferRecords(Socket accepted, Socket outbound)
        {
            int status = Check(Calls.conntrail_transfer_records(accepted.Handle, outbound.Handle));
            GC.KeepAlive(accepted);
            GC.KeepAlive(outbound);
            return status != (int)Status.OkNothingToTransfer;
        }

        /// <summary>Where the client wanted to go. listener is for TPROXY, decode for a layout of one's own.</summary>
        public static IPEndPoint OriginalDestination(
            Socket accepted, Socket listener = null, ContextDecoder decode = null)
        {
            var found = new byte[StorageSize];
            Exception thrown = null;
            Calls.Decoder passed = decode == null ? (Calls.Decoder)null : (context, size, destination, _) =>
                Decode(decode, context, (int)size, destination, ref thrown);
            int status = Calls.conntrail_original_destination_by(
                accepted.Handle, listener == null ? NoSocket : listener.Handle, passed, IntPtr.Zero, found);
            GC.KeepAlive(passed);
            GC.KeepAlive(accepted);
            GC.KeepAlive(listener);
            if (thrown != null)
            {
                throw thrown;
            }
            Check(status);
            return ReadAddress(found);
        }

        // No exception may pass the library's frames.
        private static int Decode(
            ContextDecoder decode, IntPtr context, int size, IntPtr destination, ref Exception thrown)
        {
            try
            {
                var bytes = new byte[size];
                if (size > 0)
                {
                    Marshal.Copy(context, bytes, 0, size);
                }
                IPEndPoint found = decode(bytes);
                if (found != null)
                {
                    Marshal.Copy(WriteAddress(found), 0, destination, StorageSize);
                    return (int)Status.Ok;
                }
            }
            catch (Exception error)
            {
                thrown = error;
            }
            return (int)Status.UnknownLayout;
        }

        /// <summary>The layouts that OriginalDestination knows; null for another one.</summary>
        public static IPEndPoint DecodeContext(byte[] context)
        {
            var found = new byte[StorageSize];
            int status = Calls.conntrail_decode_context(context, (UIntPtr)context.Length, found);
            if (status == (int)Status.UnknownLayout)
            {
                return null;
            }
            Check(status);
            return ReadAddress(found);
        }

        /// <summary>Before Bind: flags is 0, or ListenTransparent for TPROXY.</summary>
        public static void PrepareListener(Socket listener, uint flags)
        {
            Check(Calls.conntrail_prepare_listener(listener.Handle, flags));
            GC.KeepAlive(listener);
        }

        // The family in the first two bytes; .NET's AddressFamily has Windows' numbers on every system.
        private static readonly ushort Inet6 =
            Environment.OSVersion.Platform == PlatformID.Win32NT ? (ushort)23 : (ushort)10;

        private static IPEndPoint ReadAddress(byte[] storage)
        {
            int port = storage[2] << 8 | storage[3];
            if (BitConverter.ToUInt16(storage, 0) != Inet6)
            {
                return new IPEndPoint(BitConverter.ToUInt32(storage, 4), port);
            }
            var address = new byte[16];
            Array.Copy(storage, 8, address, 0, address.Length);
            return new IPEndPoint(new IPAddress(address, BitConverter.ToUInt32(storage, 24)), port);
        }

        private static byte[] WriteAddress(IPEndPoint from)
        {
            bool isInet6 = from.AddressFamily == AddressFamily.InterNetworkV6;
            var storage = new byte[StorageSize];
            BitConverter.GetBytes(isInet6 ? Inet6 : (ushort)2).CopyTo(storage, 0);
            storage[2] = (byte)(from.Port >> 8);
            storage[3] = (byte)from.Port;
            from.Address.GetAddressBytes().CopyTo(storage, isInet6 ? 8 : 4);
            if (isInet6)
            {
                BitConverter.GetBytes((uint)from.Address.ScopeId).CopyTo(storage, 24);
            }
            return storage;
        }
    }
}
