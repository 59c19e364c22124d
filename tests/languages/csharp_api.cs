// SPDX-License-Identifier: MIT
// Conntrail.cs, each method once: a client, a proxy and a server in one program under conntrail-emu.
//
//     csharp_api PROXY_PORT ...
using System;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using ConntrailNet;

internal static class Api
{
    private static readonly IPEndPoint Where = new IPEndPoint(IPAddress.Parse("93.184.216.34"), 80);

    private static void Expect(bool condition, string what)
    {
        if (!condition)
        {
            Console.Error.WriteLine("csharp_api.cs: " + what);
            Environment.Exit(1);
        }
    }

    private static Socket NewSocket() => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

    private static ConntrailException Thrown(Action call)
    {
        try
        {
            call();
        }
        catch (ConntrailException error)
        {
            Expect(error.Message.Length > 0, "an error says what is wrong");
            return error;
        }
        Expect(false, "nothing was thrown");
        return null;
    }

    private static void ExpectStatus(Status status, bool isOutbound, Action call)
    {
        ConntrailException error = Thrown(call);
        Expect(error.Status == status && error.IsOutbound == isOutbound, error.Status + " instead of " + status);
    }

    private static Socket ConnectThrough(Socket listener, out Socket client)
    {
        client = NewSocket();
        client.Connect(Where);
        return listener.Accept();
    }

    private static void CheckTcp(Socket listener)
    {
        using (Socket accepted = ConnectThrough(listener, out Socket client), outbound = NewSocket())
        using (client)
        {
            Expect(Conntrail.OriginalDestination(accepted).Equals(Where), "the destination");
            Expect(Conntrail.OriginalDestination(accepted, listener).Equals(Where), "with a listener");
            byte[] records = Conntrail.QueryRecords(accepted);
            Expect(records.Length > 3000, "records of " + records.Length + " bytes");
            Expect(Conntrail.DecodeContext(Conntrail.QueryContext(accepted)).Equals(Where), "the context");
            Expect(Conntrail.DecodeContext(new byte[] { 1, 2, 3 }) == null, "another layout");
            Conntrail.SetRecords(outbound, records);
            Expect(Conntrail.TransferRecords(accepted, outbound), "a transfer");
            Conntrail.PrepareListener(outbound, 0);
            ExpectStatus(Status.Invalid, false, () => Conntrail.SetRecords(outbound, records.Take(10).ToArray()));
            ExpectStatus(Status.Invalid, true, () => Conntrail.TransferRecords(accepted, listener));
            ExpectStatus(Status.Invalid, false, () => Conntrail.PrepareListener(outbound, 8));
            ConntrailException error = Thrown(() => Conntrail.QueryRecords(outbound));
            Expect(error.Status == Status.NotConnected && error.Native == 10057, "not connected");
        }
    }

    private static void CheckDecoder(Socket listener)
    {
        using (Socket accepted = ConnectThrough(listener, out Socket client))
        using (client)
        {
            var own = new IPEndPoint(IPAddress.Parse("2001:db8::1"), 4711);
            Func<ContextDecoder, IPEndPoint> by = decode => Conntrail.OriginalDestination(accepted, listener, decode);
            Expect(by(context => context.Length > 0 ? own : null).Equals(own), "a layout of one's own");
            Expect(by(context => Where).Equals(Where), "an IPv4 address of one's own");
            ExpectStatus(Status.UnknownLayout, false, () => by(context => null));
            bool caught = false;
            try
            {
                by(context => throw new FormatException("of the decoder"));
            }
            catch (FormatException)
            {
                caught = true;
            }
            Expect(caught, "an exception of the decoder");
        }
    }

    private static void CheckNotRedirected()
    {
        using (Socket listener = NewSocket(), client = NewSocket(), outbound = NewSocket())
        {
            listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            listener.Listen(1);
            client.Connect(listener.LocalEndPoint);
            using (Socket accepted = listener.Accept())
            {
                Expect(Conntrail.QueryRecords(accepted) == null, "no records");
                Expect(Conntrail.QueryContext(accepted) == null, "no context");
                Expect(!Conntrail.TransferRecords(accepted, outbound), "nothing to transfer");
                ExpectStatus(Status.NotRedirected, false, () => Conntrail.OriginalDestination(accepted));
            }
        }
    }

    private static int Main(string[] words)
    {
        Expect(Conntrail.Version() == 0x000100, "the version");
        using (Socket listener = NewSocket())
        {
            listener.Bind(new IPEndPoint(IPAddress.Loopback, int.Parse(words[0])));
            listener.Listen(8);
            CheckTcp(listener);
            CheckDecoder(listener);
        }
        CheckNotRedirected();
        Console.WriteLine("ok");
        return 0;
    }
}
