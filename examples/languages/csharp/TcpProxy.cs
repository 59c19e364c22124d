// SPDX-License-Identifier: MIT
// A transparent TCP proxy with Conntrail.cs.
//
//     TcpProxy ADDRESS:PORT
using System;
using System.Net;
using System.Net.Sockets;
using System.Threading;
using ConntrailNet;

internal static class TcpProxy
{
    private static IPEndPoint Parse(string place)
    {
        int colon = place.LastIndexOf(':');
        IPAddress address = IPAddress.Parse(place.Substring(0, colon).Trim('[', ']'));
        return new IPEndPoint(address, int.Parse(place.Substring(colon + 1)));
    }

    // The records are set before the socket connects.
    private static Socket ConnectOnward(Socket accepted, Socket listener)
    {
        IPEndPoint destination = Conntrail.OriginalDestination(accepted, listener);
        var outbound = new Socket(destination.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            Conntrail.TransferRecords(accepted, outbound);
            outbound.Connect(destination);
            return outbound;
        }
        catch
        {
            outbound.Dispose();
            throw;
        }
    }

    private static void Pump(Socket from, Socket to)
    {
        var buffer = new byte[65536];
        try
        {
            for (int size; (size = from.Receive(buffer)) > 0;)
            {
                for (int sent = 0; sent < size;)
                {
                    sent += to.Send(buffer, sent, size - sent, SocketFlags.None);
                }
            }
            to.Shutdown(SocketShutdown.Send);
        }
        catch (SocketException)
        {
            // A connection that broke is at its end, too.
        }
    }

    private static void Serve(Socket accepted, Socket listener)
    {
        try
        {
            using (accepted)
            using (Socket outbound = ConnectOnward(accepted, listener))
            {
                var back = new Thread(() => Pump(outbound, accepted));
                back.Start();
                Pump(accepted, outbound);
                back.Join();
            }
        }
        catch (Exception error) when (error is ConntrailException || error is SocketException)
        {
            Console.Error.WriteLine("TcpProxy: " + error.Message);
        }
    }

    private static int Main(string[] words)
    {
        if (words.Length != 1)
        {
            Console.Error.WriteLine("usage: TcpProxy ADDRESS:PORT");
            return 2;
        }
        IPEndPoint place = Parse(words[0]);
        var listener = new Socket(place.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(place);
        listener.Listen(128);
        Console.WriteLine("ready " + listener.LocalEndPoint);
        for (;;)
        {
            Socket accepted = listener.Accept();
            new Thread(() => Serve(accepted, listener)).Start();
        }
    }
}
