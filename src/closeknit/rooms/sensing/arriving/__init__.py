"""How rows arrive by themselves: messages kept until they are rows, databases asked, a broker listened to."""
